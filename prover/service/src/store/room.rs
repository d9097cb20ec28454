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

/// A disk that is nearly full, or does not say how full it is.
#[derive(Debug, thiserror::Error)]
pub enum Shortage {
	/// Too little is free.
	#[error(
		"{} MiB are free on the disk of {}, fewer than {} (--min-free-disk-mib): no job is taken and no \
		 bundle loaded until there is room; nothing was stored, try again later",
		free >> 20, path.display(), least >> 20
	)]
	Disk {
		/// The folder.
		path: PathBuf,
		/// Free bytes.
		free: u64,
		/// Fewest free bytes.
		least: u64,
	},
	/// It is not known how much is free.
	#[error("the disk of {} does not say how much is free: {reason}", path.display())]
	Unknown {
		/// The folder.
		path: PathBuf,
		/// Why.
		reason: String,
	},
}

/// The disks of some folders.
#[derive(Debug)]
pub struct Room {
	disks: Vec<Disk>,
	least: u64,
}

#[derive(Debug)]
struct Disk {
	path: PathBuf,
	/// When it was asked, and bytes that are free for this program, or why that is not known.
	last: Mutex<(Instant, Result<u64, String>)>,
}

impl Disk {
	fn ask(path: &PathBuf) -> (Instant, Result<u64, String>) {
		let found = rustix::fs::statvfs(path).map_err(|error| error.to_string());
		let free = found.map(|found| found.f_bavail.saturating_mul(found.f_frsize));
		(Instant::now(), free)
	}

	fn free(&self) -> Result<u64, String> {
		let (asked, free) = self.last.lock().clone();
		match asked.elapsed() {
			age if age > MAX_AGE => Err(format!("it did not answer for {} seconds", age.as_secs())),
			_ => free,
		}
	}
}

impl Room {
	/// The disks of these folders, of each of which `least` bytes are to stay free; zero: no bound. Blocks.
	pub fn new(paths: impl IntoIterator<Item = PathBuf>, least: u64) -> Self {
		let disks = paths.into_iter().map(|path| Disk {
			last: Mutex::new(Disk::ask(&path)),
			path,
		});
		Self {
			disks: disks.collect(),
			least,
		}
	}

	/// Asks the disks. Blocks.
	pub fn look(&self) {
		for disk in &self.disks {
			let found = Disk::ask(&disk.path);
			*disk.last.lock() = found;
		}
	}

	/// Bytes that were free on the first disk, if that is known.
	pub fn free(&self) -> Option<u64> {
		self.disks.first()?.free().ok()
	}

	/// Fails if less was free on one than is to stay free. Does not block.
	pub fn check(&self) -> Result<(), Shortage> {
		let least = self.least;
		if least == 0 {
			return Ok(());
		}
		for disk in &self.disks {
			let path = || disk.path.clone();
			match disk.free() {
				Ok(free) if free >= least => {},
				Ok(free) => {
					let path = path();
					return Err(Shortage::Disk { path, free, least });
				},
				Err(reason) => {
					let path = path();
					return Err(Shortage::Unknown { path, reason });
				},
			}
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn check_should_fail_when_too_little_is_free_on_any_disk_or_nothing_is_known() {
		let folder = tempfile::tempdir().unwrap();
		let here = folder.path().to_path_buf();
		let room = |least| Room::new([here.clone()], least);
		room(1).check().unwrap();
		let error = room(u64::MAX).check().unwrap_err();
		assert!(error.to_string().contains("--min-free-disk-mib"), "{error}");
		assert!(matches!(error, Shortage::Disk { free, .. } if free > 0));
		let missing = here.join("missing");
		Room::new([missing.clone()], 0).check().unwrap();
		// The second one, until it is there.
		let both = Room::new([here, missing.clone()], 1);
		assert!(matches!(both.check(), Err(Shortage::Unknown { path, .. }) if path == missing));
		assert!(both.free() > Some(0));
		std::fs::create_dir(&missing).unwrap();
		assert!(both.check().is_err());
		both.look();
		both.check().unwrap();
	}

	#[test]
	fn what_a_disk_said_long_ago_should_not_count() {
		let folder = tempfile::tempdir().unwrap();
		let room = Room::new([folder.path().to_path_buf()], 1);
		let long_ago = Instant::now().checked_sub(MAX_AGE + Duration::from_secs(1));
		room.disks[0].last.lock().0 = long_ago.unwrap();
		let error = room.check().unwrap_err();
		assert!(error.to_string().contains("did not answer"), "{error}");
		room.look();
		room.check().unwrap();
	}
}
