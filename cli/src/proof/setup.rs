//! Which trusted setup to verify under.

use super::files::read_at_most;
use crate::error::CliError;
use inference_primitives::SetupId;
use inference_verifier::{setup::SETUP_BYTES, Setup};
use std::path::Path;

/// Name of the setup whose secret everyone knows.
pub const DEVELOPMENT: &str = "development";
/// Name of the public setup that EZKL uses.
pub const PERPETUAL_POWERS_OF_TAU: &str = "perpetual-powers-of-tau";

/// The setups that have a name.
fn named() -> [(&'static str, Setup); 2] {
	[
		(DEVELOPMENT, Setup::insecure_development()),
		(PERPETUAL_POWERS_OF_TAU, Setup::perpetual_powers_of_tau()),
	]
}

/// The name of a setup, if it has one.
pub fn name_of(setup: &SetupId) -> Option<&'static str> {
	named()
		.into_iter()
		.find(|(_, known)| known.id() == *setup)
		.map(|(name, _)| name)
}

/// A setup, and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChosenSetup {
	/// The setup.
	pub setup: Setup,
	/// Its name, or the file that it was read from.
	pub name: String,
	/// Whether a proof under it shows anything: false for the development setup, and for one that
	/// came with the key.
	pub trusted: bool,
}

impl ChosenSetup {
	/// A name, or a file of 128 bytes (x.c0, x.c1, y.c0, y.c1 of \[s\]G2, little-endian).
	pub fn load(argument: &str) -> Result<Self, CliError> {
		let known = named().into_iter().find(|(name, _)| *name == argument);
		if let Some((name, setup)) = known {
			return Ok(Self::new(setup, name.to_owned()));
		}
		let path = Path::new(argument);
		if !path.is_file() {
			return Err(CliError::Usage(format!(
				"{argument:?} is no setup: expected {DEVELOPMENT}, {PERPETUAL_POWERS_OF_TAU}, or a \
				 file of {SETUP_BYTES} bytes"
			)));
		}
		// Long enough for an error that says how long the file is.
		let bytes = read_at_most(path, 4096)?;
		let setup = Setup::from_bytes(&bytes)
			.map_err(|e| CliError::Failed(format!("{argument} is no setup: {e}")))?;
		Ok(Self::new(setup, argument.to_owned()))
	}

	/// The development setup.
	pub fn development() -> Self {
		Self::new(Setup::insecure_development(), DEVELOPMENT.to_owned())
	}

	/// The setup that a VKA names: nobody vouches for it.
	pub fn from_vka(vka: &[u8], path: &Path) -> Result<Self, CliError> {
		let setup = Setup::insecure_from_vka(vka).map_err(|e| {
			CliError::Failed(format!(
				"{} is no verifying key artifact of EZKL: {e}",
				path.display()
			))
		})?;
		Ok(Self {
			name: name_of(&setup.id()).unwrap_or("from the key").to_owned(),
			setup,
			trusted: false,
		})
	}

	/// A setup that the user chose, by its name if it has one, or else as `source`.
	pub fn new(setup: Setup, source: String) -> Self {
		let name = name_of(&setup.id());
		Self {
			setup,
			trusted: name != Some(DEVELOPMENT),
			name: name.map_or(source, str::to_owned),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	#[test]
	fn names_are_known() {
		let development = ChosenSetup::load("development").unwrap();
		assert_eq!(development, ChosenSetup::development());
		assert!(!development.trusted);
		let public = ChosenSetup::load("perpetual-powers-of-tau").unwrap();
		assert_eq!(public.setup, Setup::perpetual_powers_of_tau());
		assert!(public.trusted);
		assert_eq!(name_of(&public.setup.id()), Some("perpetual-powers-of-tau"));
		assert_eq!(name_of(&SetupId([1; 32])), None);
	}

	#[test]
	fn a_file_is_read_and_a_known_setup_in_it_is_named() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), Setup::insecure_development().to_bytes()).unwrap();
		assert_eq!(
			ChosenSetup::load(file.path().to_str().unwrap()).unwrap(),
			ChosenSetup::development()
		);
	}

	#[test]
	fn what_is_no_setup_is_named() {
		let error = ChosenSetup::load("developement").unwrap_err();
		assert_eq!(error.exit_code(), 2);
		assert!(error.to_string().contains("developement"), "{error}");
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), [0; 127]).unwrap();
		let error = ChosenSetup::load(file.path().to_str().unwrap()).unwrap_err();
		assert_eq!(error.exit_code(), 1);
		assert!(error.to_string().contains("got 127"), "{error}");
	}
}
