//! `inference chain upgrade`

use super::super::{Context, Outcome, TransactionArgs};
use crate::error::CliError;
use inference_runtime::{Runtime, SudoCall, SystemCall};
use serde_json::json;
use sp_maybe_compressed_blob::CODE_BLOB_BOMB_LIMIT;
use sp_runtime::Weight;
use std::{fs, path::PathBuf};

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
