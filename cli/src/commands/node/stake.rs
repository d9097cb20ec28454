//! `inference node bond`, `unbond`, `withdraw`

use super::{Context, Outcome, TransactionArgs};
use crate::{
	amount::Amount,
	chain::{Runtime, RuntimeEvent},
	error::CliError,
};
use pallet_worker_staking::{Call, Event};
use serde_json::json;

/// Arguments of `bond` and `unbond`.
#[derive(clap::Args)]
pub struct AmountArgs {
	/// How much.
	amount: Amount,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Arguments of `withdraw`.
#[derive(clap::Args)]
pub struct WithdrawArgs {
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Bonds.
pub async fn bond(context: Context, args: AmountArgs) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let amount = args.amount;
	let call = Call::<Runtime>::bond { amount: amount.0 };
	let included = session.send(context, "bond", call).await?;
	context.print(&Outcome::new(
		format!("{amount} bonded"),
		json!({ "operator": session.signer.account(), "amount": amount }),
		included,
	))
}

/// Starts to unbond.
pub async fn unbond(context: Context, args: AmountArgs) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let amount = args.amount;
	let call = Call::<Runtime>::unbond { amount: amount.0 };
	let included = session.send(context, "unbond", call).await?;
	let at = included.expect_event("Unbonding", |event| match event {
		RuntimeEvent::WorkerStaking(Event::Unbonding {
			withdrawable_at, ..
		}) => Some(withdrawable_at.0),
		_ => None,
	})?;
	context.print(&Outcome::new(
		format!("{amount} unbonding; withdraw it after tick {at} of the service clock"),
		json!({ "operator": session.signer.account(), "amount": amount, "withdrawable_at": at }),
		included,
	))
}

/// Withdraws.
pub async fn withdraw(context: Context, args: WithdrawArgs) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let included = session
		.send(context, "withdraw", Call::<Runtime>::withdraw {})
		.await?;
	let amount = included.expect_event("Withdrawn", |event| match event {
		RuntimeEvent::WorkerStaking(Event::Withdrawn { amount, .. }) => Some(Amount(*amount)),
		_ => None,
	})?;
	context.print(&Outcome::new(
		format!("{amount} withdrawn"),
		json!({ "operator": session.signer.account(), "amount": amount }),
		included,
	))
}
