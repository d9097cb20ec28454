//! `inference chain upgrade`

use super::super::{Context, Outcome, TransactionArgs};
use crate::error::CliError;
use inference_runtime::{Runtime, SudoCall, SystemCall};
use serde_json::json;
use sp_runtime::Weight;
use std::{fs, path::PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The new runtime, as its build leaves it (`*.wasm`).
	wasm: PathBuf,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let code = fs::read(&args.wasm).map_err(|e| CliError::file("read", &args.wasm, e))?;
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
