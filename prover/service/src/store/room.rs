//! Whether there is room on the disks: what was accepted must be stored when it is proven.
//!
//! A disk that is asked may not answer for long, so it is asked now and again ([`Room::look`]), and whoever wants to
//! know reads what it said last.

use parking_lot::Mutex;
use std::{
	path::PathBuf,
	time::{Duration, Instant},
};

/// Time after which what a disk said last does not count any more.
const MAX_AGE: Duration = Duration::from_secs(60);

/// What a folder is for, and so what is refused when its disk is nearly full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
	/// Jobs and proofs.
	Data,
	/// Polynomials of proving keys. What was read before is there.
	Scratch,
}

impl Purpose {
	fn refused(self) -> &'static str {
		match self {
			Self::Data => "no job is taken and no bundle loaded",
			Self::Scratch => {
				"no bundle is loaded, and jobs whose keys were not read before fail and are tried again,"
			},
		}
	}
}

/// A disk that is nearly full, or does not say how full it is.
#[derive(Debug, thiserror::Error)]
pub enum Shortage {
	/// Too little is free.
	#[error(
		"{} MiB are free on the disk of {}, fewer than {} (--min-free-disk-mib): {} until there is room; nothing \
		 was stored, try again later",
		free >> 20, path.display(), least >> 20, purpose.refused()
	)]
	Disk {
		/// The folder.
		path: PathBuf,
		/// What it is for.
		purpose: Purpose,
		/// Free bytes.
		free: u64,
		/// Fewest free bytes.
		least: u64,
	},
	/// It is not known how much is free.
	#[error(
		"the disk of {} does not say how much is free: {reason}; {} until it does", path.display(), purpose.refused()
	)]
	Unknown {
		/// The folder.
		path: PathBuf,
		/// What it is for.
		purpose: Purpose,
		/// Why.
		reason: String,
	},
}

/// The disks of some folders.
#[derive(Debug)]
pub struct Room {
	data: Disk,
	scratch: Option<Disk>,
	least: u64,
}

#[derive(Debug)]
struct Disk {
	path: PathBuf,
	purpose: Purpose,
	/// When it was asked, and bytes that are free for this program, or why that is not known.
	last: Mutex<(Instant, Result<u64, String>)>,
}

impl Disk {
	/// Blocks.
	fn of(path: PathBuf, purpose: Purpose) -> Self {
		Self {
			last: Mutex::new(Self::ask(&path)),
			path,
			purpose,
		}
	}

	fn ask(path: &PathBuf) -> (Instant, Result<u64, String>) {
		let found = rustix::fs::statvfs(path).map_err(|error| error.to_string());
		let free = found.map(|found| found.f_bavail.saturating_mul(found.f_frsize));
		(Instant::now(), free)
	}

	fn look(&self) {
		let found = Self::ask(&self.path);
		*self.last.lock() = found;
	}

	fn free(&self) -> Result<u64, String> {
		let (asked, free) = self.last.lock().clone();
		match asked.elapsed() {
			age if age > MAX_AGE => Err(format!("it did not answer for {} seconds", age.as_secs())),
			_ => free,
		}
	}

	fn check(&self, least: u64) -> Result<(), Shortage> {
		if least == 0 {
			return Ok(());
		}
		let (path, purpose) = (|| self.path.clone(), self.purpose);
		match self.free() {
			Ok(free) if free >= least => Ok(()),
			Ok(free) => Err(Shortage::Disk {
				path: path(),
				purpose,
				free,
				least,
			}),
			Err(reason) => Err(Shortage::Unknown {
				path: path(),
				purpose,
				reason,
			}),
		}
	}
}

impl Room {
	/// The disks of these folders, of each of which `least` bytes are to stay free; zero: no bound. Blocks.
	pub fn new(data: PathBuf, scratch: Option<PathBuf>, least: u64) -> Self {
		Self {
			data: Disk::of(data, Purpose::Data),
			scratch: scratch.map(|path| Disk::of(path, Purpose::Scratch)),
			least,
		}
	}

	/// Asks the disks. Blocks.
	pub fn look(&self) {
		self.data.look();
		if let Some(scratch) = &self.scratch {
			scratch.look();
		}
	}

	/// Bytes that were free where jobs and proofs lie, if that is known.
	pub fn free(&self) -> Option<u64> {
		self.data.free().ok()
	}

	/// Fails if less was free than is to stay free where jobs and proofs lie. Does not block.
	pub fn check_data(&self) -> Result<(), Shortage> {
		self.data.check(self.least)
	}

	/// Fails if less was free on one of the disks than is to stay free. Does not block.
	pub fn check_all(&self) -> Result<(), Shortage> {
		self.check_data()?;
		match &self.scratch {
			Some(scratch) => scratch.check(self.least),
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn check_should_fail_when_too_little_is_free_or_nothing_is_known() {
		let folder = tempfile::tempdir().unwrap();
		let here = folder.path().to_path_buf();
		let room = |least| Room::new(here.clone(), None, least);
		room(1).check_all().unwrap();
		let error = room(u64::MAX).check_data().unwrap_err();
		assert!(error.to_string().contains("--min-free-disk-mib"), "{error}");
		assert!(matches!(error, Shortage::Disk { free, .. } if free > 0));
		let missing = here.join("missing");
		Room::new(missing.clone(), None, 0).check_all().unwrap();
		// Until it is there.
		let room = Room::new(missing.clone(), None, 1);
		assert!(
			matches!(room.check_data(), Err(Shortage::Unknown { path, .. }) if path == missing)
		);
		std::fs::create_dir(&missing).unwrap();
		assert!(room.check_data().is_err());
		room.look();
		room.check_all().unwrap();
	}

	#[test]
	fn a_lack_of_scratch_should_keep_bundles_out_but_no_jobs() {
		let folder = tempfile::tempdir().unwrap();
		let (here, missing) = (folder.path().to_path_buf(), folder.path().join("missing"));
		let room = Room::new(here, Some(missing.clone()), 1);
		room.check_data().unwrap();
		assert!(room.free() > Some(0));
		let error = room.check_all().unwrap_err();
		assert!(error.to_string().contains("no bundle is loaded"), "{error}");
		std::fs::create_dir(&missing).unwrap();
		room.look();
		room.check_all().unwrap();
	}

	#[test]
	fn what_a_disk_said_long_ago_should_not_count() {
		let folder = tempfile::tempdir().unwrap();
		let room = Room::new(folder.path().to_path_buf(), None, 1);
		let long_ago = Instant::now().checked_sub(MAX_AGE + Duration::from_secs(1));
		room.data.last.lock().0 = long_ago.unwrap();
		let error = room.check_data().unwrap_err();
		assert!(error.to_string().contains("did not answer"), "{error}");
		room.look();
		room.check_data().unwrap();
	}
}
