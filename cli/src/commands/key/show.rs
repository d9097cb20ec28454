//! `inference key show`

use super::{vk_hash, Context};
use crate::{
	amount::Amount,
	chain::{AccountId, Chain, ChainArgs},
	error::CliError,
	proof::name_of,
};
use inference_primitives::{ProofSystem, SetupId, VkHash};
use pallet_proof_verifier::{Deposit, Key};
use serde::Serialize;
use std::fmt;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The key's hash.
	#[arg(value_name = "HASH", value_parser = vk_hash)]
	key: VkHash,
	#[command(flatten)]
	chain: ChainArgs,
}

/// A registered key.
#[derive(Serialize)]
struct Report {
	vk_hash: VkHash,
	system: ProofSystem,
	setup: SetupId,
	/// The setup's name, if it has one.
	setup_name: Option<&'static str>,
	/// Bytes that the chain stores of it.
	bytes: u32,
	public_inputs: u32,
	compute_units: u64,
	/// Who registered it by extrinsic.
	registration: Option<Holder>,
	/// Model versions that use it.
	references: u32,
	/// Who paid the deposit for those.
	reference_deposit: Option<Holder>,
}

#[derive(Serialize)]
struct Holder {
	account: AccountId,
	deposit: Amount,
}

impl From<Deposit<AccountId>> for Holder {
	fn from(deposit: Deposit<AccountId>) -> Self {
		Self {
			account: deposit.depositor,
			deposit: Amount(deposit.amount),
		}
	}
}

impl Report {
	fn new(vk_hash: VkHash, key: Key<AccountId>) -> Self {
		Self {
			vk_hash,
			system: key.system,
			setup: key.setup,
			setup_name: name_of(&key.setup),
			bytes: key.sizes.bytes,
			public_inputs: key.sizes.public_inputs,
			compute_units: key.sizes.compute_units.0,
			registration: key.registration.map(Into::into),
			references: key.references,
			reference_deposit: key.reference_deposit.map(Into::into),
		}
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "key {} ({:?})", self.vk_hash, self.system)?;
		match self.setup_name {
			Some(name) => writeln!(f, "  setup          {name} ({})", self.setup)?,
			None => writeln!(f, "  setup          {}", self.setup)?,
		}
		writeln!(f, "  bytes          {}", self.bytes)?;
		writeln!(f, "  public inputs  {}", self.public_inputs)?;
		writeln!(f, "  compute units  {}", self.compute_units)?;
		match &self.registration {
			Some(holder) => writeln!(
				f,
				"  registered by  {}, {} held",
				holder.account, holder.deposit
			)?,
			None => writeln!(f, "  registered by  nobody")?,
		}
		write!(f, "  used by        {} model versions", self.references)?;
		if let Some(holder) = &self.reference_deposit {
			write!(f, ", {} held from {}", holder.deposit, holder.account)?;
		}
		Ok(())
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let at = chain.best().await?.hash;
	let key = chain.key(args.key, at).await?;
	context.print(&Report::new(args.key, key))
}
