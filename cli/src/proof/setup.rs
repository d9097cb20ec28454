//! Which trusted setup to verify under.

use super::files::read_at_most;
use crate::error::CliError;
use inference_circuits::{Bundle, Powers, SetupFile};
use inference_primitives::SetupId;
use inference_verifier::{setup::SETUP_BYTES, Setup};
use std::{fs, path::Path, sync::Arc};

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
	/// What keys and proofs are made with, if it has that.
	powers: Option<Powers>,
}

/// Opens a file with a setup's powers.
pub fn open_setup_file(path: &Path) -> Result<SetupFile, CliError> {
	SetupFile::open(path).map_err(|e| CliError::file("use the setup", path, e))
}

impl ChosenSetup {
	/// A name, a file of 128 bytes (x.c0, x.c1, y.c0, y.c1 of \[s\]G2, little-endian), or a file with powers.
	pub fn load(argument: &str) -> Result<Self, CliError> {
		let known = named().into_iter().find(|(name, _)| *name == argument);
		if let Some((name, setup)) = known {
			return Ok(Self::new(setup, name.to_owned()));
		}
		let path = Path::new(argument);
		if !path.is_file() {
			return Err(CliError::Usage(format!(
				"{argument:?} is no setup: expected {DEVELOPMENT}, {PERPETUAL_POWERS_OF_TAU}, a file \
				 of {SETUP_BYTES} bytes, Powers of Tau (.ptau) or parameters of halo2"
			)));
		}
		let length = fs::metadata(path).map_err(|e| CliError::file("read", path, e))?;
		if length.len() > SETUP_BYTES as u64 {
			let powers = Powers::File(Arc::new(open_setup_file(path)?));
			let chosen = Self::new(powers.setup(), argument.to_owned());
			return Ok(Self {
				powers: Some(powers),
				..chosen
			});
		}
		// Long enough for an error that says how long the file is.
		let bytes = read_at_most(path, 4096)?;
		let setup = Setup::from_bytes(&bytes)
			.map_err(|e| CliError::Failed(format!("{argument} is no setup: {e}")))?;
		Ok(Self::new(setup, argument.to_owned()))
	}

	/// The development setup.
	#[cfg(test)]
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
			powers: None,
		})
	}

	/// The setup that a bundle names: unless it is a known one, nobody vouches for it.
	pub fn of_bundle(setup: &Setup) -> Self {
		let chosen = Self::new(setup.clone(), "the bundle's".to_owned());
		Self {
			trusted: chosen.trusted && name_of(&setup.id()).is_some(),
			..chosen
		}
	}

	/// What keys and proofs are made with, if it has that.
	pub fn powers(&self) -> Option<Powers> {
		let development = Powers::default();
		let is_development = development.setup() == self.setup;
		self.powers
			.clone()
			.or_else(|| is_development.then_some(development))
	}

	/// What keys and proofs are made with, of the setup that `argument` names.
	pub fn load_powers(argument: &str) -> Result<Powers, CliError> {
		Self::load(argument)?.powers().ok_or_else(|| {
			CliError::Usage(format!(
				"{argument} says which setup to verify under, and has no powers to make keys and proofs \
				 with: give the setup's file, Powers of Tau (.ptau) or parameters of halo2"
			))
		})
	}

	/// The bundle with the setup's powers, if there are any. Fails if it is another setup's.
	pub fn give_to(&self, bundle: Bundle) -> Result<Bundle, CliError> {
		let (expected, got) = (bundle.manifest().setup, self.setup.id());
		if expected != got {
			return Err(CliError::Failed(format!(
				"the bundle is for the trusted setup {expected}; {} is {got}",
				self.name
			)));
		}
		match self.powers() {
			Some(powers) => bundle
				.with_powers(powers)
				.map_err(|e| CliError::Failed(e.to_string())),
			None => Ok(bundle),
		}
	}

	/// A setup that the user chose, by its name if it has one, or else as `source`.
	pub fn new(setup: Setup, source: String) -> Self {
		let name = name_of(&setup.id());
		Self {
			setup,
			trusted: name != Some(DEVELOPMENT),
			name: name.map_or(source, str::to_owned),
			powers: None,
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
