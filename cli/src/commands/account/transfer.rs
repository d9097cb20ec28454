//! `inference account transfer`

use super::{Context, Outcome, TransactionArgs};
use crate::{
	amount::Amount,
	chain::{AccountArg, Runtime},
	error::CliError,
};
use serde_json::json;
use sp_runtime::MultiAddress;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// To whom.
	to: AccountArg,
	/// How much. The signing account is kept alive.
	amount: Amount,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let (to, amount) = (args.to.0, args.amount);
	let call = pallet_balances::Call::<Runtime>::transfer_keep_alive {
		dest: MultiAddress::Id(to.clone()),
		value: amount.0,
	};
	let included = session.send(context, "transfer", call).await?;
	context.print(&Outcome::new(
		format!("{amount} sent to {to}"),
		json!({ "from": session.signer.account(), "to": to, "amount": amount }),
		included,
	))
}
