//! `inference proof submit`

use super::{vk_hash, Context, Outcome, TransactionArgs};
use crate::{
	chain::{Runtime, RuntimeEvent},
	error::CliError,
	proof::{scalar_to_bytes, EzklProof, ProofFile},
};
use inference_primitives::{Statement, VkHash};
use inference_verifier::public_inputs;
use pallet_proof_verifier::{Call, Event};
use serde_json::json;
use std::path::PathBuf;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	#[command(flatten)]
	file: FileArgs,
	/// The registered key (`inference key register` printed its hash).
	#[arg(long, value_name = "HASH", value_parser = vk_hash)]
	key: Option<VkHash>,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// The proof.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct FileArgs {
	/// What `inference circuit prove` wrote; its statement names the key.
	#[arg(long, value_name = "PROOF.json", conflicts_with = "key")]
	proof: Option<PathBuf>,
	/// EZKL's proof.json.
	#[arg(long, value_name = "PROOF.json", requires = "key")]
	ezkl_proof: Option<PathBuf>,
}

/// What the chain is asked to verify.
struct Submission {
	vk_hash: VkHash,
	public_inputs: Vec<[u8; 32]>,
	proof: Vec<u8>,
}

impl Submission {
	fn read(args: &Args) -> Result<Self, CliError> {
		match (&args.file.proof, &args.file.ezkl_proof, args.key) {
			(Some(path), _, _) => {
				let file = ProofFile::read(path)?;
				let vk_hash = file.statement.vk_hash;
				let statement = Statement::new(file.statement, &file.input, &file.output);
				let inputs = public_inputs(&statement, &file.input, &file.output);
				Ok(Self {
					vk_hash,
					public_inputs: inputs.iter().map(scalar_to_bytes).collect(),
					proof: file.proof,
				})
			},
			(None, Some(path), Some(vk_hash)) => {
				let proof = EzklProof::read(path)?;
				Ok(Self {
					vk_hash,
					public_inputs: proof.public_input_bytes(),
					proof: proof.proof,
				})
			},
			_ => Err(CliError::Usage(
				"give --proof, or --ezkl-proof and --key".to_owned(),
			)),
		}
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let Submission {
		vk_hash,
		public_inputs,
		proof,
	} = Submission::read(&args)?;
	let session = args.transaction.open().await?;
	let (inputs, proof_bytes) = (public_inputs.len(), proof.len());
	let too_large = |what: &str| CliError::Failed(format!("the chain takes no {what}"));
	let call = Call::<Runtime>::verify_proof {
		vk_hash,
		public_inputs: public_inputs
			.try_into()
			.map_err(|_| too_large("so many public inputs"))?,
		proof: proof
			.try_into()
			.map_err(|_| too_large("proof of so many bytes"))?,
	};
	let included = session.send(context, "verify proof", call).await?;
	let public_inputs_hash = included.expect_event("ProofVerified", |event| match event {
		RuntimeEvent::ProofVerifier(Event::ProofVerified { public_inputs, .. }) => {
			Some(format!("0x{}", hex::encode(public_inputs)))
		},
		_ => None,
	})?;
	context.print(&Outcome::new(
		format!(
			"the chain verified the proof of {inputs} public inputs ({public_inputs_hash}) under \
			 key {vk_hash}"
		),
		json!({
			"vk_hash": vk_hash,
			"public_inputs": inputs,
			"public_inputs_hash": public_inputs_hash,
			"proof_bytes": proof_bytes,
			"by": session.signer.account(),
		}),
		included,
	))
}
