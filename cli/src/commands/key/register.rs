//! `inference key register`

use super::{Context, Outcome, TransactionArgs};
use crate::{
	amount::Amount,
	chain::{Runtime, RuntimeEvent},
	error::CliError,
	proof::{ChosenSetup, EzklKey, Key, DEVELOPMENT, PERPETUAL_POWERS_OF_TAU},
};
use inference_primitives::ProofSystem;
use pallet_proof_verifier::{Call, Event};
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	#[command(flatten)]
	key: KeyArgs,
	/// The setup that the key was made under; governance must have approved it. A name
	/// (perpetual-powers-of-tau, development) or a file: 128 bytes, .ptau, parameters of halo2.
	/// perpetual-powers-of-tau for --ezkl-vka and development for --vk if absent.
	#[arg(long, value_name = "NAME|FILE")]
	setup: Option<String>,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// The key.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct KeyArgs {
	/// A verifying key artifact of EZKL 23 (`ezkl create-evm-vka`). EZKL before 21.0.0 was unsound,
	/// and the artifact does not say its version: register only what you made or trust.
	#[arg(long, value_name = "FILE")]
	ezkl_vka: Option<PathBuf>,
	/// A verifying key of ours (`plan.bin` of a bundle).
	#[arg(long, value_name = "FILE")]
	vk: Option<PathBuf>,
}

/// Reads the key: its proof system, and the bytes that the chain takes.
fn read(args: &KeyArgs, setup: &ChosenSetup) -> Result<(ProofSystem, Vec<u8>), CliError> {
	match &args.ezkl_vka {
		Some(path) => {
			let key = EzklKey::read(path, Some(setup.clone()))?;
			Ok((ProofSystem::Ezkl, key.vka))
		},
		None => {
			let key = Key::load(None, args.vk.as_deref(), Some(setup))?;
			Ok((ProofSystem::Halo2, key.plan().to_bytes()))
		},
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let default = match args.key.ezkl_vka {
		Some(_) => PERPETUAL_POWERS_OF_TAU,
		None => DEVELOPMENT,
	};
	let chosen = ChosenSetup::load(args.setup.as_deref().unwrap_or(default))?;
	let (system, key) = read(&args.key, &chosen)?;
	let bytes = key.len();
	let setup = chosen.setup.id();
	let session = args.transaction.open().await?;
	let call = Call::<Runtime>::register_key {
		system,
		setup,
		key: key
			.try_into()
			.map_err(|_| CliError::Failed("the verifying key is too long".to_owned()))?,
	};
	let included = session.send(context, "register key", call).await?;
	let (vk_hash, deposit) = included.expect_event("KeyRegistered", |event| match event {
		RuntimeEvent::ProofVerifier(Event::KeyRegistered {
			vk_hash, deposit, ..
		}) => Some((*vk_hash, Amount(*deposit))),
		_ => None,
	})?;
	context.print(&Outcome::new(
		format!("key {vk_hash} registered, {deposit} held for its {bytes} bytes"),
		json!({
			"vk_hash": vk_hash,
			"system": system,
			"setup": setup,
			"setup_name": chosen.name,
			"bytes": bytes,
			"deposit": deposit,
			"by": session.signer.account(),
		}),
		included,
	))
}
