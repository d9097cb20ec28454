//! The key that signs.

use super::{key_file, AccountId};
use crate::{error::CliError, secret};
use sp_core::{sr25519, Pair};
use std::{
	env,
	path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Environment variable of the secret.
const VARIABLE: &str = "INFERENCE_SURI";

/// Who signs. Without any of these options the secret is taken from the environment, INFERENCE_SURI, or asked
/// for in a terminal.
#[derive(Clone, Default, clap::Args)]
pub struct SignerArgs {
	/// Signing account of a development chain: //Alice and so on. Real secrets are refused here, where other
	/// users of the machine see them.
	#[arg(long, value_name = "//NAME", conflicts_with_all = ["suri_file", "key_file"])]
	pub suri: Option<String>,
	/// File whose first line is the secret of the signing account: a phrase, or a seed in hex. A key file of a
	/// node's keystore is one. Nobody but its owner may have access to it.
	#[arg(long, value_name = "FILE", conflicts_with = "key_file")]
	pub suri_file: Option<PathBuf>,
	/// Key file that polkadot-js exported (JSON). Its password is asked for, without showing it.
	#[arg(long, value_name = "FILE")]
	pub key_file: Option<PathBuf>,
	/// File whose first line is the password of --key-file. Nobody but its owner may have access to it.
	// Clap does not require what is in conflict with something that is there.
	#[arg(long, value_name = "FILE", requires = "key_file", conflicts_with_all = ["suri", "suri_file"])]
	pub password_file: Option<PathBuf>,
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
			return Self::from_argument(suri, "--suri");
		}
		if let Some(path) = &args.suri_file {
			return Self::from_file(path);
		}
		if let Some(path) = &args.key_file {
			return Self::from_key_file(path, args.password_file.as_deref());
		}
		// An empty variable is an unset one, as in a compose file whose own variable is not set.
		if let Some(suri) = env::var(VARIABLE).ok().filter(|suri| !suri.is_empty()) {
			return Self::from_suri(&Zeroizing::new(suri), VARIABLE);
		}
		let remedy = format!(
			"give --suri-file FILE, --key-file FILE or {VARIABLE} (on a development chain --suri //Alice to \
			 //Ferdie)"
		);
		let suri = secret::prompt("the secret of the signing account", &remedy)?;
		Self::from_suri(suri.trim(), "what you typed")
	}

	/// Reads the secret in a file's first line. A node's keystore writes it as a JSON string.
	pub fn from_file(path: &Path) -> Result<Self, CliError> {
		let text = secret::read_private(path)?;
		let line = text.lines().next().unwrap_or_default().trim();
		if line.starts_with('{') {
			return Err(CliError::Usage(format!(
				"{} looks like a key file of polkadot-js: give it with --key-file",
				path.display()
			)));
		}
		let suri = line
			.strip_prefix('"')
			.and_then(|rest| rest.strip_suffix('"'))
			.unwrap_or(line);
		Self::from_suri(suri, &path.display().to_string())
	}

	/// Opens a key file of polkadot-js, with the password in a file or typed.
	fn from_key_file(path: &Path, password: Option<&Path>) -> Result<Self, CliError> {
		let text = secret::read_encrypted(path)?;
		let source = path.display().to_string();
		let password = match password {
			Some(file) => secret::read_line(file)?,
			None => secret::prompt(
				&format!("the password of {source}"),
				"give a file with it, --password-file FILE",
			)?,
		};
		let pair = key_file::open(&text, &password, &source)?;
		let account = pair.public().into();
		Ok(Self { pair, account })
	}

	/// Reads a secret that stands on the command line: one that everybody knows.
	pub fn from_argument(suri: &str, option: &str) -> Result<Self, CliError> {
		if !suri.starts_with("//") {
			return Err(CliError::Usage(format!(
				"{option} takes development keys only (//Alice): other users of the machine see the \
				 arguments of a command, and the shell keeps them. Put the secret into a file of mode 600 \
				 and give {option}-file FILE"
			)));
		}
		Self::from_suri(suri, option)
	}

	/// Reads a secret; errors name `source`, never the secret.
	pub fn from_suri(suri: &str, source: &str) -> Result<Self, CliError> {
		// To `Pair::from_string` a secret without a phrase is the development phrase, which everybody knows: of
		// those only //Name is meant, never nothing at all, a bare password or a bare soft junction.
		let phrase = suri.trim();
		let no_phrase = phrase.is_empty() || phrase.starts_with('/');
		let is_name = phrase.starts_with("//") && !phrase.starts_with("///");
		if no_phrase && !is_name {
			return Err(CliError::Usage(format!(
				"{source} has no secret in it: expected a phrase, 0x and 32 bytes of hex, or //Name on a \
				 development chain"
			)));
		}
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
	use std::{fs, os::unix::fs::PermissionsExt};

	/// A file that nobody else can read.
	fn file(text: &str) -> tempfile::NamedTempFile {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), text).unwrap();
		file
	}

	fn refused(args: &SignerArgs) -> CliError {
		Signer::load(args).map(|_| ()).unwrap_err()
	}

	fn is(signer: &Signer, name: &str) {
		assert_eq!(Ok(AccountArg(signer.account().clone())), name.parse());
	}

	#[test]
	fn a_file_and_an_option_give_the_same_account() {
		let file = file("//Bob\n");
		let from_file = Signer::load(&SignerArgs {
			suri_file: Some(file.path().into()),
			..SignerArgs::default()
		});
		is(&from_file.unwrap(), "//Bob");
		let from_option = Signer::load(&SignerArgs {
			suri: Some("//Bob".into()),
			..SignerArgs::default()
		});
		is(&from_option.unwrap(), "//Bob");
	}

	#[test]
	fn a_file_of_a_nodes_keystore_is_read() {
		is(
			&Signer::from_file(file("\"//Bob\"").path()).unwrap(),
			"//Bob",
		);
	}

	#[test]
	fn a_key_file_of_polkadot_js_is_opened_with_the_password_in_a_file() {
		let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
		let password = file("correct horse\n");
		let mut args = SignerArgs {
			key_file: Some(keys.join("alice-sr25519.json")),
			password_file: Some(password.path().into()),
			..SignerArgs::default()
		};
		is(&Signer::load(&args).unwrap(), "//Alice");
		args.key_file = Some(keys.join("alice-ed25519.json"));
		assert!(refused(&args).to_string().contains("sr25519"));
		fs::set_permissions(password.path(), fs::Permissions::from_mode(0o644)).unwrap();
		assert!(refused(&args).to_string().contains("chmod 600"));
	}

	#[test]
	fn a_secret_that_others_can_read_is_not_used() {
		let file = file("//Bob\n");
		fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
		let error = refused(&SignerArgs {
			suri_file: Some(file.path().into()),
			..SignerArgs::default()
		});
		assert!(error.to_string().contains("chmod 600"), "{error}");
	}

	#[test]
	fn a_real_secret_on_the_command_line_is_refused_without_repeating_it() {
		for suri in [
			"bottom drive obey lake curtain smoke basket hold race lonely fit walk",
			"0x398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89",
		] {
			let error = refused(&SignerArgs {
				suri: Some(suri.into()),
				..SignerArgs::default()
			});
			assert_eq!(error.exit_code(), 2);
			let error = error.to_string();
			assert!(error.contains("--suri-file FILE"), "{error}");
			assert!(!error.contains(&suri[..6]), "{error}");
		}
	}

	#[test]
	fn nothing_is_not_the_secret_that_everybody_knows() {
		for text in ["", "\n//Bob\n", "  \n", "\"\"", "/soft", "///password", "/"] {
			let error = Signer::from_file(file(text).path());
			let error = error.map(|_| ()).unwrap_err();
			assert_eq!(error.exit_code(), 2);
			assert!(error.to_string().contains("no secret in it"), "{error}");
		}
	}

	#[test]
	fn a_bad_secret_is_refused_without_repeating_it() {
		let error = Signer::from_file(file("correct horse").path());
		let error = error.map(|_| ()).unwrap_err();
		assert_eq!(error.exit_code(), 2);
		assert!(!error.to_string().contains("horse"), "{error}");
	}
}
