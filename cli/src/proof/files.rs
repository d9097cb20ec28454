//! Files of foreign origin: read up to a bound.

use crate::error::CliError;
use std::{fs::File, io::Read, path::Path};

/// All bytes of a file that has at most `limit`.
pub fn read_at_most(path: &Path, limit: u32) -> Result<Vec<u8>, CliError> {
	let limit = u64::from(limit);
	let file = File::open(path).map_err(|e| CliError::file("read", path, e))?;
	let mut bytes = Vec::new();
	// One byte more, to tell a file that is too long.
	file.take(limit.saturating_add(1))
		.read_to_end(&mut bytes)
		.map_err(|e| CliError::file("read", path, e))?;
	match u64::try_from(bytes.len()) {
		Ok(got) if got <= limit => Ok(bytes),
		_ => Err(CliError::Failed(format!(
			"{} has more than {limit} bytes",
			path.display()
		))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	#[test]
	fn a_file_is_read_up_to_the_bound() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), [7; 5]).unwrap();
		assert_eq!(read_at_most(file.path(), 5).unwrap(), [7; 5]);
		let error = read_at_most(file.path(), 4).unwrap_err();
		assert_eq!(error.exit_code(), 1);
		assert!(error.to_string().contains("more than 4 bytes"), "{error}");
		assert_eq!(
			read_at_most(Path::new("no-such-file"), 4)
				.unwrap_err()
				.exit_code(),
			1
		);
	}
}
