//! `inference key release`

use super::{vk_hash, Context, Outcome, TransactionArgs};
use crate::{
	amount::Amount,
	chain::{Runtime, RuntimeEvent},
	error::CliError,
};
use inference_primitives::VkHash;
use pallet_proof_verifier::{Call, Event};
use serde_json::json;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// The key's hash.
	#[arg(value_name = "HASH", value_parser = vk_hash)]
	key: VkHash,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let vk_hash = args.key;
	let call = Call::<Runtime>::release_key { vk_hash };
	let included = session.send(context, "release key", call).await?;
	let deposit = included.expect_event("KeyReleased", |event| match event {
		RuntimeEvent::ProofVerifier(Event::KeyReleased { deposit, .. }) => Some(Amount(*deposit)),
		_ => None,
	})?;
	let removed = included
		.events
		.iter()
		.any(|event| matches!(event, RuntimeEvent::ProofVerifier(Event::KeyRemoved { .. })));
	let fate = if removed {
		"it is gone"
	} else {
		"models keep it"
	};
	context.print(&Outcome::new(
		format!("key {vk_hash} released, {deposit} returned; {fate}"),
		json!({ "vk_hash": vk_hash, "deposit": deposit, "removed": removed }),
		included,
	))
}
