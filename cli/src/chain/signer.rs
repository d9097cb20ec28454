//! The key that signs.

use super::AccountId;
use crate::error::CliError;
use sp_core::{sr25519, Pair};
use std::{
	env, fs,
	path::{Path, PathBuf},
};

/// Environment variable of the secret.
const VARIABLE: &str = "INFERENCE_SURI";

/// Who signs. Without either option the secret is taken from the environment, INFERENCE_SURI.
#[derive(Clone, clap::Args)]
pub struct SignerArgs {
	/// Secret of the signing account: a phrase, a seed in hex, or //Alice and so on in development.
	/// Other users of the machine can see it: prefer --suri-file or INFERENCE_SURI for real money.
	#[arg(long, value_name = "SECRET", conflicts_with = "suri_file")]
	pub suri: Option<String>,
	/// File whose first line is that secret. A key file of a node's keystore is one.
	#[arg(long, value_name = "FILE")]
	pub suri_file: Option<PathBuf>,
}

/// A signing account.
pub struct Signer {
	pair: sr25519::Pair,
	account: AccountId,
}

impl Signer {
	/// Reads the secret.
	pub fn load(args: &SignerArgs) -> Result<Self, CliError> {
		if let Some(suri) = &args.suri {
			return Self::from_suri(suri, "--suri");
		}
		if let Some(path) = &args.suri_file {
			return Self::from_file(path);
		}
		match env::var(VARIABLE) {
			Ok(suri) => Self::from_suri(&suri, VARIABLE),
			Err(_) => Err(CliError::Usage(format!(
				"no signing key: give --suri-file FILE, --suri SECRET or {VARIABLE} (//Alice to \
				 //Ferdie on a development chain)"
			))),
		}
	}

	/// Reads the secret in a file's first line. A node's keystore writes it as a JSON string.
	pub fn from_file(path: &Path) -> Result<Self, CliError> {
		let text = fs::read_to_string(path).map_err(|e| CliError::file("read", path, e))?;
		let line = text.lines().next().unwrap_or_default().trim();
		let suri = line
			.strip_prefix('"')
			.and_then(|rest| rest.strip_suffix('"'))
			.unwrap_or(line);
		Self::from_suri(suri, &path.display().to_string())
	}

	/// Reads a secret; errors name `source`, never the secret.
	pub fn from_suri(suri: &str, source: &str) -> Result<Self, CliError> {
		// The error does not repeat the secret.
		let pair = sr25519::Pair::from_string(suri, None).map_err(|e| {
			CliError::Usage(format!(
				"{source} is no secret of an sr25519 key ({e}); expected a phrase, 0x and 32 bytes \
				 of hex, or //Name on a development chain"
			))
		})?;
		let account = pair.public().into();
		Ok(Self { pair, account })
	}

	/// The account.
	pub fn account(&self) -> &AccountId {
		&self.account
	}

	/// Signs.
	pub fn sign(&self, message: &[u8]) -> sr25519::Signature {
		self.pair.sign(message)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::AccountArg;

	#[test]
	fn a_file_and_an_option_give_the_same_account() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), "//Bob\n").unwrap();
		let from_file = Signer::load(&SignerArgs {
			suri: None,
			suri_file: Some(file.path().into()),
		})
		.unwrap();
		let from_option = Signer::load(&SignerArgs {
			suri: Some("//Bob".into()),
			suri_file: None,
		})
		.unwrap();
		assert_eq!(from_file.account(), from_option.account());
		assert_eq!(Ok(AccountArg(from_file.account().clone())), "//Bob".parse());
	}

	#[test]
	fn a_file_of_a_nodes_keystore_is_read() {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), "\"//Bob\"").unwrap();
		let signer = Signer::from_file(file.path()).unwrap();
		assert_eq!(Ok(AccountArg(signer.account().clone())), "//Bob".parse());
	}

	#[test]
	fn a_bad_secret_is_refused_without_repeating_it() {
		let args = SignerArgs {
			suri: Some("correct horse".into()),
			suri_file: None,
		};
		let error = Signer::load(&args).map(|_| ()).unwrap_err();
		assert_eq!(error.exit_code(), 2);
		assert!(!error.to_string().contains("horse"), "{error}");
	}
}
