//! `inference account balance`

use super::Context;
use crate::{
	amount::Amount,
	chain::{AccountArg, AccountId, BlockRef, Chain, ChainArgs},
	error::CliError,
};
use serde::Serialize;
use std::fmt;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// SS58 address, public key in hex, or //Name on a development chain.
	account: AccountArg,
	/// Read at the newest finalised block instead of the newest one.
	#[arg(long)]
	finalized: bool,
	#[command(flatten)]
	chain: ChainArgs,
}

/// An account's money at one block.
#[derive(Serialize)]
struct Report {
	account: AccountId,
	block: BlockRef,
	/// Free and held together.
	total: Amount,
	free: Amount,
	held: Amount,
	holds: Vec<Hold>,
	/// What `account claim` would pay out; not part of the total.
	credit: Amount,
	/// Number of its next transaction, after those that wait in the node's pool.
	nonce: u32,
}

#[derive(Serialize)]
struct Hold {
	reason: String,
	amount: Amount,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "{} at block {}", self.account, self.block.number)?;
		writeln!(f, "  free    {}", self.free)?;
		writeln!(f, "  held    {}", self.held)?;
		for hold in &self.holds {
			writeln!(f, "    {}  {}", hold.reason, hold.amount)?;
		}
		write!(f, "  credit  {}", self.credit)
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let block = chain.head(args.finalized).await?;
	let account = args.account.0;
	let free = chain.free_balance(&account, block.hash).await?;
	let holdings = chain.holds(&account, block.hash).await?;
	// Saturates only beyond the total issuance.
	let held = holdings
		.iter()
		.fold(0u128, |sum, hold| sum.saturating_add(hold.amount));
	let holds = holdings
		.into_iter()
		.map(|hold| Hold {
			reason: hold.reason,
			amount: Amount(hold.amount),
		})
		.collect();
	let credit = Amount(chain.credit(&account, block.hash).await?);
	let nonce = chain.next_nonce(&account).await?;
	context.print(&Report {
		account,
		block,
		total: Amount(free.saturating_add(held)),
		free: Amount(free),
		held: Amount(held),
		holds,
		credit,
		nonce,
	})
}
