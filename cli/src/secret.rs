//! Secrets: from files that nobody else can read, or typed without being shown. Never from arguments, which every
//! user of the machine sees and the shell's history keeps. What is read here is overwritten when it is dropped.

use crate::error::CliError;
use std::{
	fs::File,
	io::{self, IsTerminal, Read},
	path::Path,
};
use zeroize::Zeroizing;

/// Most bytes of a file with a secret.
const MAX_BYTES: usize = 1 << 16;

/// The text of a file, which nobody but its owner may read or write.
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, CliError> {
	let file = File::open(path).map_err(|e| CliError::file("read", path, e))?;
	// Of the opened file: the name may be another's a moment later.
	check_mode(path, &file)?;
	read(path, file)
}

/// The text of a file whose secret is encrypted.
pub fn read_encrypted(path: &Path) -> Result<Zeroizing<String>, CliError> {
	let file = File::open(path).map_err(|e| CliError::file("read", path, e))?;
	read(path, file)
}

fn read(path: &Path, file: File) -> Result<Zeroizing<String>, CliError> {
	// All of it at once: a string that grows leaves copies behind.
	let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES + 1));
	let mut file = file.take(MAX_BYTES as u64 + 1);
	// The error of bytes that are not UTF-8 does not repeat them.
	file.read_to_string(&mut text)
		.map_err(|e| CliError::file("read", path, e))?;
	if file.limit() == 0 {
		return Err(CliError::Failed(format!(
			"{} has more than {MAX_BYTES} bytes: it is no key file",
			path.display()
		)));
	}
	Ok(text)
}

/// The first line of a private file, for passwords and tokens.
pub fn read_line(path: &Path) -> Result<Zeroizing<String>, CliError> {
	let text = read_private(path)?;
	let line = text.lines().next().unwrap_or_default();
	Ok(Zeroizing::new(line.to_owned()))
}

/// Whether somebody is there to type.
pub fn can_prompt() -> bool {
	io::stdin().is_terminal()
}

/// What the user types into the terminal, without showing it. `remedy` says what to do without a terminal.
pub fn prompt(what: &str, remedy: &str) -> Result<Zeroizing<String>, CliError> {
	let failed = |why: &str| {
		Err(CliError::Usage(format!(
			"{what} cannot be asked for ({why}): {remedy}"
		)))
	};
	if !can_prompt() {
		return failed("standard input is no terminal");
	}
	match rpassword::prompt_password(format!("{what}: ")) {
		Ok(text) => Ok(Zeroizing::new(text)),
		Err(error) => failed(&error.to_string()),
	}
}

#[cfg(unix)]
fn check_mode(path: &Path, file: &File) -> Result<(), CliError> {
	use std::os::unix::fs::PermissionsExt;
	let found = file
		.metadata()
		.map_err(|e| CliError::file("read", path, e))?;
	let mode = found.permissions().mode() & 0o777;
	if mode & 0o077 == 0 {
		return Ok(());
	}
	Err(CliError::Failed(format!(
		"{} has mode {mode:o}: others than its owner may have read the secret in it. If nobody did, \
		 `chmod 600 {}`; otherwise take a new key",
		path.display(),
		path.display()
	)))
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &File) -> Result<(), CliError> {
	Ok(())
}

#[cfg(all(test, unix))]
mod tests {
	use super::*;
	use std::{fs, os::unix::fs::PermissionsExt};

	#[test]
	fn a_secret_that_others_may_read_or_write_is_refused() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), "secret word\nnext\n").unwrap();
		let set =
			|mode| fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
		for mode in [0o640, 0o604, 0o660, 0o620, 0o644, 0o601] {
			set(mode);
			let error = read_private(file.path()).unwrap_err().to_string();
			assert!(error.contains(&format!("mode {mode:o}")), "{error}");
			assert!(error.contains("chmod 600"), "{error}");
			assert!(!error.contains("word"), "{error}");
		}
		for mode in [0o600, 0o400] {
			set(mode);
			assert_eq!(read_line(file.path()).unwrap().as_str(), "secret word");
		}
		// What is encrypted may lie about.
		set(0o644);
		assert!(read_encrypted(file.path()).is_ok());
	}

	#[test]
	fn a_file_that_is_too_long_or_no_text_is_refused_without_repeating_it() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), vec![b'x'; MAX_BYTES + 1]).unwrap();
		let error = read_private(file.path()).unwrap_err().to_string();
		assert!(error.contains("more than"), "{error}");
		fs::write(file.path(), vec![b'x'; MAX_BYTES]).unwrap();
		assert_eq!(read_private(file.path()).unwrap().len(), MAX_BYTES);
		fs::write(file.path(), [0xff, 0xfe]).unwrap();
		assert!(read_private(file.path()).is_err());
	}
}
