//! `inference node consent` and `set-worker`, and the arguments that name a worker key.
//!
//! A worker key must sign that it works for an operator (`WorkerConsent`), anew for each use: the chain
//! counts those that the operator has used, so one that is made before another is used has lapsed. Its secret lies in the
//! keystore of the machine that proves; the operator's should lie elsewhere. So the consent can be
//! made there and carried over as 64 bytes of hex, or be made here when the secret is at hand.

use super::{node_id, Context, Outcome, TransactionArgs};
use crate::{
	chain::{AccountArg, AccountId, Chain, ChainArgs, Hash, Runtime, Signer, SignerArgs},
	commands::transaction::Session,
	error::CliError,
};
use inference_primitives::{node::WorkerConsent, GenesisHash, NodeId};
use pallet_node_pool::Call;
use serde::Serialize;
use serde_json::json;
use sp_core::sr25519;
use sp_runtime::{traits::Verify, MultiSignature};
use std::{fmt, path::PathBuf};

/// Which worker key, and how it consents.
#[derive(clap::Args)]
pub struct WorkerArgs {
	/// Account of the worker key: the one in the node's keystore, which signs deliveries and
	/// proofs. It needs a small balance of its own. A development account (//Bob and so on) consents
	/// by itself; for others give one of the next three.
	#[arg(long, value_name = "ADDRESS", required_unless_present_any = ["worker_suri", "worker_suri_file"])]
	worker: Option<String>,
	/// Worker key of a development chain: //Bob//worker and so on. Real secrets are refused here, where other
	/// users of the machine see them.
	#[arg(long, value_name = "//NAME", conflicts_with_all = ["worker_suri_file", "consent"])]
	worker_suri: Option<String>,
	/// File whose first line is that secret, or the worker's key file in the node's keystore (its
	/// name begins with 776f726b).
	#[arg(long, value_name = "FILE", conflicts_with = "consent")]
	worker_suri_file: Option<PathBuf>,
	/// Signature made by `inference node consent` on the worker's machine.
	#[arg(long, value_name = "HEX", requires = "worker")]
	consent: Option<String>,
}

impl WorkerArgs {
	/// The worker's account and its consent to work for the session's account.
	pub async fn agree(&self, session: &Session) -> Result<(AccountId, MultiSignature), CliError> {
		let (chain, operator) = (&session.chain, session.signer.account());
		let used = chain
			.used_consents(operator, chain.best().await?.hash)
			.await?;
		self.consent_to(operator, chain.genesis(), used)
	}

	/// The account of --worker.
	fn named(&self) -> Result<Option<AccountId>, CliError> {
		self.worker
			.as_deref()
			.map(str::parse::<AccountArg>)
			.transpose()
			.map(|worker| worker.map(|worker| worker.0))
			.map_err(CliError::Usage)
	}

	/// The worker's secret, if it is here.
	fn signer(&self) -> Result<Option<Signer>, CliError> {
		match (&self.worker_suri, &self.worker_suri_file, &self.worker) {
			(Some(suri), _, _) => Signer::from_argument(suri, "--worker-suri").map(Some),
			(_, Some(path), _) => Signer::from_file(path).map(Some),
			// The development phrase is public, so the name is the secret.
			(_, _, Some(name)) if name.starts_with("//") => {
				Signer::from_suri(name, "--worker").map(Some)
			},
			_ => Ok(None),
		}
	}

	fn consent_to(
		&self,
		operator: &AccountId,
		genesis: Hash,
		used: u32,
	) -> Result<(AccountId, MultiSignature), CliError> {
		let named = self.named()?;
		let message = message(operator, genesis, used);
		if let (Some(hex), Some(worker)) = (&self.consent, &named) {
			let consent = MultiSignature::Sr25519(signature(hex)?);
			if !consent.verify(&message[..], worker) {
				return Err(CliError::Usage(format!(
					"--consent is not {worker}'s signature for the operator {operator} on this \
					 chain, or was used already, or another was used since it was made; run `inference \
					 node consent --operator {operator}` with the worker's key, on a node of this \
					 chain"
				)));
			}
			return Ok((worker.clone(), consent));
		}
		let signer = self.signer()?.ok_or_else(not_here)?;
		match named {
			Some(worker) if worker != *signer.account() => Err(CliError::Usage(format!(
				"the secret is {}'s, not that of --worker {worker}",
				signer.account()
			))),
			_ => Ok((
				signer.account().clone(),
				MultiSignature::Sr25519(signer.sign(&message)),
			)),
		}
	}
}

/// Neither the worker's secret nor its consent was given.
fn not_here() -> CliError {
	CliError::Usage(
		"the worker key must consent: give --worker-suri-file FILE (its file in the node's keystore \
		 will do), or --consent HEX from `inference node consent` on the \
		 worker's machine"
			.to_owned(),
	)
}

/// What a worker signs for an operator who has used so many consents.
fn message(operator: &AccountId, genesis: Hash, used: u32) -> [u8; 32] {
	WorkerConsent {
		genesis: GenesisHash(genesis.to_fixed_bytes()),
		operator,
		used,
	}
	.message()
}

/// Reads a signature of an sr25519 key.
fn signature(text: &str) -> Result<sr25519::Signature, CliError> {
	let mut bytes = [0u8; 64];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)
		.map_err(|e| CliError::Usage(format!("--consent expects 64 bytes of hex: {e}")))?;
	Ok(sr25519::Signature::from_raw(bytes))
}

/// Arguments of `consent`.
#[derive(clap::Args)]
pub struct ConsentArgs {
	/// The operator that the key will work for: the account that will sign `node register`. Use the consent before
	/// making its next one: each lapses when another is used.
	#[arg(long, value_name = "ADDRESS")]
	operator: AccountArg,
	#[command(flatten)]
	worker: SignerArgs,
	#[command(flatten)]
	chain: ChainArgs,
}

/// A worker key's consent.
#[derive(Serialize)]
struct Consent {
	worker: AccountId,
	operator: AccountId,
	consent: String,
}

impl fmt::Display for Consent {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "worker   {}", self.worker)?;
		writeln!(f, "operator {}", self.operator)?;
		write!(f, "consent  {}", self.consent)
	}
}

/// Signs.
pub async fn consent(context: Context, args: ConsentArgs) -> Result<(), CliError> {
	let worker = Signer::load(&args.worker)?;
	let chain = Chain::connect(&args.chain).await?;
	let used = chain
		.used_consents(&args.operator.0, chain.best().await?.hash)
		.await?;
	let signed = worker.sign(&message(&args.operator.0, chain.genesis(), used));
	context.print(&Consent {
		worker: worker.account().clone(),
		operator: args.operator.0,
		consent: format!("0x{}", hex::encode::<&[u8]>(signed.as_ref())),
	})
}

/// Arguments of `set-worker`.
#[derive(clap::Args)]
pub struct SetArgs {
	/// The node's number.
	#[arg(value_parser = node_id)]
	node: NodeId,
	#[command(flatten)]
	worker: WorkerArgs,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// Sets.
pub async fn set(context: Context, args: SetArgs) -> Result<(), CliError> {
	let session = args.transaction.open().await?;
	let node = args.node;
	let (worker, consent) = args.worker.agree(&session).await?;
	let call = Call::<Runtime>::set_worker {
		node,
		worker: worker.clone(),
		consent,
	};
	let included = session.send(context, "set worker", call).await?;
	context.print(&Outcome::new(
		format!(
			"node {} works with {worker} from now on, also on what it owes; the old key may do nothing \
			 for it any more",
			node.0
		),
		json!({ "node": node, "worker": worker }),
		included,
	))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The genesis of a chain.
	fn genesis() -> Hash {
		Hash::repeat_byte(7)
	}

	fn account(name: &str) -> AccountId {
		name.parse::<AccountArg>().unwrap().0
	}

	fn args() -> WorkerArgs {
		WorkerArgs {
			worker: None,
			worker_suri: None,
			worker_suri_file: None,
			consent: None,
		}
	}

	fn assert_valid(args: &WorkerArgs) {
		let operator = account("//Alice");
		let (worker, consent) = args.consent_to(&operator, genesis(), 3).unwrap();
		assert_eq!(worker, account("//Bob"));
		assert!(consent.verify(&message(&operator, genesis(), 3)[..], &worker));
	}

	#[test]
	fn a_worker_consents_by_its_secret_its_name_or_a_signature() {
		assert_valid(&WorkerArgs {
			worker: Some("//Bob".into()),
			..args()
		});
		assert_valid(&WorkerArgs {
			worker_suri: Some("//Bob".into()),
			..args()
		});
		let bob = Signer::from_suri("//Bob", "test").unwrap();
		let signed = bob.sign(&message(&account("//Alice"), genesis(), 1));
		let by_hand = |operator: &str, used| {
			WorkerArgs {
				worker: Some(bob.account().to_string()),
				consent: Some(hex::encode::<&[u8]>(signed.as_ref())),
				..args()
			}
			.consent_to(&account(operator), genesis(), used)
		};
		assert!(by_hand("//Alice", 1).is_ok());
		for (operator, used) in [("//Eve", 1), ("//Alice", 2)] {
			let error = by_hand(operator, used).unwrap_err();
			assert!(error.to_string().contains("node consent"), "{error}");
		}
	}

	#[test]
	fn a_worker_whose_secret_is_not_here_is_asked_for() {
		let worker = Some(account("//Bob").to_string());
		let error = WorkerArgs { worker, ..args() }
			.consent_to(&account("//Alice"), genesis(), 0)
			.unwrap_err();
		assert!(error.to_string().contains("--worker-suri-file"), "{error}");
	}

	#[test]
	fn a_secret_of_another_key_is_refused() {
		let error = WorkerArgs {
			worker: Some("//Bob".into()),
			worker_suri: Some("//Eve".into()),
			..args()
		}
		.consent_to(&account("//Alice"), genesis(), 0)
		.unwrap_err();
		assert_eq!(error.exit_code(), 2);
	}
}
