//! `inference account claim`

use super::{Context, Outcome, TransactionArgs};
use crate::{
	amount::Amount,
	chain::{AccountArg, Runtime, RuntimeEvent},
	error::CliError,
};
use pallet_inference_market::{Call, Event};
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// Whose credits; the signing account's if absent. They are paid to that account.
	#[arg(long)]
	account: Option<AccountArg>,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let account = args
		.account
		.map_or_else(|| session.signer.account().clone(), |given| given.0);
	let call = Call::<Runtime>::claim {
		account: account.clone(),
	};
	let included = session.send(context, "claim", call).await?;
	let amount = included.expect_event("CreditClaimed", |event| match event {
		RuntimeEvent::InferenceMarket(Event::CreditClaimed { amount, .. }) => Some(Amount(*amount)),
		_ => None,
	})?;
	context.print(&Outcome::new(
		format!("{amount} paid to {account}"),
		json!({ "account": account, "amount": amount }),
		included,
	))
}
