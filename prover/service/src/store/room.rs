//! Whether there is room on the disk: what was accepted must be stored when it is proven.

use std::path::PathBuf;

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
	#[error("the disk of {} does not say how much is free: {source}", path.display())]
	Unknown {
		/// The folder.
		path: PathBuf,
		/// Why.
		source: std::io::Error,
	},
}

/// The disk of a folder.
#[derive(Clone, Debug)]
pub struct Room {
	path: PathBuf,
	least: u64,
}

impl Room {
	/// The disk of the folder at `path`, of which `least` bytes are to stay free; zero: it is not looked
	/// at.
	pub fn new(path: PathBuf, least: u64) -> Self {
		Self { path, least }
	}

	/// Bytes that are free for this program.
	pub fn free(&self) -> Result<u64, Shortage> {
		let found = rustix::fs::statvfs(&self.path).map_err(|error| Shortage::Unknown {
			path: self.path.clone(),
			source: error.into(),
		})?;
		Ok(found.f_bavail.saturating_mul(found.f_frsize))
	}

	/// Fails if less is free than is to stay free.
	pub fn check(&self) -> Result<(), Shortage> {
		if self.least == 0 {
			return Ok(());
		}
		let free = self.free()?;
		if free >= self.least {
			return Ok(());
		}
		Err(Shortage::Disk {
			path: self.path.clone(),
			free,
			least: self.least,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn check_should_fail_when_too_little_is_free_or_nothing_is_known() {
		let folder = tempfile::tempdir().unwrap();
		let room = |least| Room::new(folder.path().into(), least);
		room(1).check().unwrap();
		let error = room(u64::MAX).check().unwrap_err();
		assert!(error.to_string().contains("--min-free-disk-mib"), "{error}");
		assert!(matches!(error, Shortage::Disk { free, .. } if free > 0));
		let missing = Room::new(folder.path().join("missing"), 1);
		assert!(matches!(missing.check(), Err(Shortage::Unknown { .. })));
		Room::new(folder.path().join("missing"), 0).check().unwrap();
	}
}
