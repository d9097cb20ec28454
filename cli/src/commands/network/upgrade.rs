//! `inference chain upgrade`

use super::super::{Context, Outcome, TransactionArgs};
use crate::{
	chain::{Hash, Runtime, RuntimeCall},
	error::CliError,
};
use inference_primitives::hashing::blake2_256;
use inference_runtime::{SudoCall, SystemCall};
use inference_transaction::Metadata;
use serde_json::json;
use sp_maybe_compressed_blob::CODE_BLOB_BOMB_LIMIT;
use sp_runtime::Weight;
use std::{
	fmt, fs,
	path::{Path, PathBuf},
};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The new runtime, as its build leaves it (`*.wasm`); what is not compressed is, so that it fits into a block.
	wasm: PathBuf,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let code = fs::read(&args.wasm).map_err(|e| CliError::file("read", &args.wasm, e))?;
	check_runtime(&args.wasm, &code)?;
	let chain = args.transaction.connect().await?;
	let at = chain.best().await?.hash;
	if chain.sudo_key(at).await?.is_none() {
		let runtime = chain.runtime(at).await?;
		let referendum = Referendum::on(&args.wasm, &code, &runtime.metadata)?;
		return Err(CliError::Failed(referendum.to_string()));
	}
	let code = compressed(code)?;
	let session = args.transaction.open().await?;
	let chain = &session.chain;
	let before = chain.runtime(chain.best().await?.hash).await?;
	let bytes = code.len();
	let call = SudoCall::<Runtime>::sudo_unchecked_weight {
		call: Box::new(SystemCall::<Runtime>::set_code { code }.into()),
		// The call is charged nothing else, whatever it weighs: root asks for it.
		weight: Weight::zero(),
	};
	let included = session.send(context, "upgrade the runtime", call).await?;
	let after = chain.runtime(included.block.hash).await?;
	let (before, after) = (&before.version, &after.version);
	if before == after {
		return Err(CliError::Failed(format!(
			"the transaction is in block {}, but the runtime is still version {}: the signing \
			 account may not be root, or the file has that version",
			included.block.number, before.spec_version
		)));
	}
	context.print(&Outcome::new(
		format!(
			"runtime {} of {bytes} bytes in place of {}",
			after.spec_version, before.spec_version
		),
		json!({
			"spec_version": { "before": before.spec_version, "after": after.spec_version },
			"transaction_version": {
				"before": before.transaction_version,
				"after": after.transaction_version,
			},
			"bytes": bytes,
		}),
		included,
	))
}

/// How a chain without `sudo` gets a runtime.
struct Referendum<'a> {
	/// The file.
	wasm: &'a Path,
	/// Hash of its bytes.
	code_hash: Hash,
	/// What is proposed, as the chain encodes it.
	call: Vec<u8>,
}

impl<'a> Referendum<'a> {
	/// The referendum on the code in a file, on a chain with this metadata.
	///
	/// Errors: code that is not compressed, whose bytes others would have to compress alike; a chain without the call.
	fn on(wasm: &'a Path, code: &[u8], metadata: &Metadata) -> Result<Self, CliError> {
		if code.starts_with(b"\0asm") {
			return Err(CliError::Usage(format!(
				"no sudo key works on this chain, so a referendum replaces its runtime, which names the hash of the \
				 very bytes that are installed: give the compressed file, *.compact.compressed.wasm beside {}",
				wasm.display()
			)));
		}
		let code_hash = Hash::from(blake2_256(code));
		let call: RuntimeCall = SystemCall::<Runtime>::authorize_upgrade { code_hash }.into();
		let call = metadata
			.call(&call)
			.map_err(|e| CliError::Unreachable(e.to_string()))?;
		Ok(Self {
			wasm,
			code_hash,
			call,
		})
	}

	/// Hash of what is proposed.
	fn preimage_hash(&self) -> Hash {
		blake2_256(&self.call).into()
	}
}

impl fmt::Display for Referendum<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let (call, hash, length) = (
			hex::encode(&self.call),
			self.preimage_hash(),
			self.call.len(),
		);
		writeln!(
			f,
			"nothing was sent: no sudo key works on this chain, so a referendum on root's track replaces its runtime \
			 (docs/UPGRADES.md):"
		)?;
		writeln!(
			f,
			"  1. preimage.notePreimage(0x{call}): it is system.authorizeUpgrade({:?}), the BLAKE2-256 of the code",
			self.code_hash
		)?;
		writeln!(
			f,
			"  2. referenda.submit({{\"system\": \"Root\"}}, {{\"Lookup\": {{\"hash\": \"{hash:?}\", \"len\": {length}}}}}, \
			 {{\"After\": 0}}), referenda.placeDecisionDeposit, votes (docs/GOVERNANCE.md)"
		)?;
		write!(
			f,
			"  3. once that is enacted, anyone sends system.applyAuthorizedUpgrade with the code in {}, unsigned",
			self.wasm.display()
		)
	}
}

/// Refuses a file that no chain runs: what is neither WebAssembly nor WebAssembly that nodes decompress.
fn check_runtime(wasm: &Path, code: &[u8]) -> Result<(), CliError> {
	let is_wasm = sp_maybe_compressed_blob::decompress(code, CODE_BLOB_BOMB_LIMIT)
		.is_ok_and(|code| code.starts_with(b"\0asm"));
	if is_wasm {
		return Ok(());
	}
	Err(CliError::Usage(format!(
		"{} is no runtime: give *.wasm as its build leaves it, compressed or not",
		wasm.display()
	)))
}

/// The code as a chain takes it: WebAssembly is compressed, anything else left as it is.
///
/// Errors: more bytes than any node decompresses.
fn compressed(code: Vec<u8>) -> Result<Vec<u8>, CliError> {
	if !code.starts_with(b"\0asm") {
		return Ok(code);
	}
	let bytes = code.len();
	sp_maybe_compressed_blob::compress_strongly(&code, CODE_BLOB_BOMB_LIMIT).ok_or_else(|| {
		CliError::Failed(format!(
			"the runtime has {bytes} bytes, and nodes take {CODE_BLOB_BOMB_LIMIT} at most"
		))
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::DecodeAll;
	use inference_runtime::linked_metadata;

	fn referendum(code: &[u8]) -> Result<Referendum<'static>, CliError> {
		let metadata = Metadata::decode(&linked_metadata(16).unwrap()).unwrap();
		Referendum::on(Path::new("new.wasm"), code, &metadata)
	}

	#[test]
	fn the_referendum_should_authorise_the_code_and_be_found_by_its_preimage() {
		let found = referendum(b"compressed").unwrap();
		let code_hash = Hash::from(blake2_256(b"compressed"));
		let call: RuntimeCall = SystemCall::<Runtime>::authorize_upgrade { code_hash }.into();
		assert_eq!(RuntimeCall::decode_all(&mut &found.call[..]), Ok(call));
		let text = found.to_string();
		let (preimage, hash) = (hex::encode(&found.call), blake2_256(&found.call));
		for part in [
			format!("notePreimage(0x{preimage})"),
			format!("\"hash\": \"0x{}\", \"len\": 34", hex::encode(hash)),
			"docs/UPGRADES.md".to_owned(),
			"new.wasm".to_owned(),
		] {
			assert!(text.contains(&part), "{part}: {text}");
		}
	}

	#[test]
	fn a_referendum_should_be_on_bytes_that_all_can_have() {
		let error = referendum(b"\0asm and more").err().unwrap();
		assert_eq!(error.exit_code(), 2);
		assert!(error.to_string().contains("compact.compressed"), "{error}");
	}

	#[test]
	fn a_file_that_is_no_runtime_should_be_refused() {
		let wasm = b"\0asm".to_vec();
		for code in [wasm.clone(), compressed(wasm).unwrap()] {
			assert!(check_runtime(Path::new("new.wasm"), &code).is_ok());
		}
		let text = sp_maybe_compressed_blob::compress_strongly(b"{}", CODE_BLOB_BOMB_LIMIT);
		for code in [Vec::new(), b"{}".to_vec(), text.unwrap()] {
			let error = check_runtime(Path::new("new.json"), &code).unwrap_err();
			assert_eq!(error.exit_code(), 2);
			assert!(error.to_string().contains("new.json"), "{error}");
		}
	}

	#[test]
	fn wasm_should_be_compressed_once_and_come_back_as_it_was() {
		let wasm = [b"\0asm".as_slice(), &[7; 10_000]].concat();
		let code = compressed(wasm.clone()).unwrap();
		assert!(code.len() < 1_000);
		assert_eq!(compressed(code.clone()).unwrap(), code);
		let back = sp_maybe_compressed_blob::decompress(&code, CODE_BLOB_BOMB_LIMIT).unwrap();
		assert_eq!(back.into_owned(), wasm);
		assert!(
			compressed([b"\0asm".as_slice(), &vec![0; CODE_BLOB_BOMB_LIMIT]].concat()).is_err()
		);
	}
}
