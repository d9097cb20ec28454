//! `inference node …`

mod capacity;
mod limits;
mod membership;
mod pause;
mod register;
mod stake;
mod status;
mod worker;

use super::{Context, Outcome, Session, TransactionArgs};
use crate::error::CliError;
use clap::Subcommand;

/// Commands of operators.
#[derive(Subcommand)]
pub enum Command {
	/// Bonds stake. It answers for missed deliveries and missing proofs.
	Bond(stake::AmountArgs),
	/// Starts to unbond stake. It stays slashable until withdrawn.
	Unbond(stake::AmountArgs),
	/// Withdraws stake whose unbonding time is over.
	Withdraw(stake::WithdrawArgs),
	/// Registers a node; it is active from the next epoch. The worker key must consent: give its
	/// secret, or the output of `inference node consent`.
	Register(register::Args),
	/// Signs, with a worker key, that it will work for an operator. Run it where that key is, and
	/// give the signature to `register` or `set-worker` as --consent, once.
	Consent(worker::ConsentArgs),
	/// Gives a node another worker key, at once, also for what the node owes already: insert the new
	/// key into the node's keystore before. The old key may do nothing for the node any more.
	SetWorker(worker::SetArgs),
	/// Changes a node's capacity: upwards from the next epoch on, downwards at once.
	Capacity(capacity::Args),
	/// Joins a model's pool from the next epoch on, with limits of what one workload may ask, and with a
	/// multiplier, if they are given.
	Join(membership::JoinArgs),
	/// Limits what one workload of a model may ask of a node, and says what multiple of the base price the
	/// node asks, from the next epoch on. A limit that is not given is not limited any more; the multiplier stays.
	Limits(limits::Args),
	/// Leaves a model's pool, at once. Work already assigned stays due.
	Leave(membership::Args),
	/// Stops new work for a node, at once. Work already assigned stays due.
	Pause(pause::Args),
	/// Returns a paused or suspended node to service with the next epoch.
	Resume(pause::Args),
	/// Removes a node that serves no model and owes nothing.
	Deregister(register::DeregisterArgs),
	/// A node, or all nodes and the stake of an account.
	Status(status::Args),
}

/// Runs the command.
pub async fn run(context: Context, command: Command) -> Result<(), CliError> {
	match command {
		Command::Bond(args) => stake::bond(context, args).await,
		Command::Unbond(args) => stake::unbond(context, args).await,
		Command::Withdraw(args) => stake::withdraw(context, args).await,
		Command::Register(args) => register::register(context, args).await,
		Command::Consent(args) => worker::consent(context, args).await,
		Command::SetWorker(args) => worker::set(context, args).await,
		Command::Capacity(args) => capacity::run(context, args).await,
		Command::Join(args) => membership::join(context, args).await,
		Command::Limits(args) => limits::run(context, args).await,
		Command::Leave(args) => membership::leave(context, args).await,
		Command::Pause(args) => pause::pause(context, args).await,
		Command::Resume(args) => pause::resume(context, args).await,
		Command::Deregister(args) => register::deregister(context, args).await,
		Command::Status(args) => status::run(context, args).await,
	}
}

/// Reads a node's number.
fn node_id(text: &str) -> Result<inference_primitives::NodeId, String> {
	text.parse()
		.map(inference_primitives::NodeId)
		.map_err(|_| format!("expected a node's number, got {text:?}"))
}
