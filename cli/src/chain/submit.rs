//! Signed transactions: built, submitted, followed to their result.

use super::{blocks::BlockRef, refusal, AccountId, Chain, Hash, RuntimeCall, RuntimeEvent, Signer};
use crate::{
	amount::Amount,
	error::{CliError, Refusal},
};
use inference_primitives::Balance;
use inference_runtime::Nonce;
use inference_transaction::Terms;
use jsonrpsee::{
	core::client::{Error as RpcError, Subscription},
	rpc_params,
};
use serde::{Deserialize, Serialize};
use sp_core::{crypto::Ss58Codec, Bytes};
use sp_runtime::{generic::Era, MultiSignature};
use std::{fmt, time::Duration};
use tokio::time::timeout;

/// Blocks that a transaction lives, from the finalised block on. A power of two.
const LIFE: u64 = 64;

/// How a transaction is followed.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct SubmitArgs {
	/// Wait until the block is finalised, not only until it is there.
	#[arg(long)]
	pub finalized: bool,
	/// The transaction's number, instead of the account's next free one (`account balance` shows it).
	/// Give the same again when a command died: of two transactions with one number the chain takes
	/// only one, so nothing is ordered or paid twice.
	#[arg(long)]
	pub nonce: Option<Nonce>,
	/// Seconds to wait for the transaction's block, with --finalized for its finality. The chain takes it for 64
	/// blocks only.
	#[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
	pub block_timeout: u64,
}

/// A transaction that was made here.
struct Signed {
	bytes: Vec<u8>,
	nonce: Nonce,
	/// The last block that may have it.
	last_block: u64,
}

impl Signed {
	fn hash(&self) -> Hash {
		inference_primitives::hashing::blake2_256(&self.bytes).into()
	}
}

/// A transaction in a block.
#[derive(Debug, Serialize)]
pub struct Included {
	/// The block.
	pub block: BlockRef,
	/// Index of the transaction there.
	pub extrinsic: u32,
	/// Hash of the transaction.
	pub extrinsic_hash: Hash,
	/// Fee paid, tip included.
	pub fee: Amount,
	/// Its events.
	#[serde(skip)]
	pub events: Vec<RuntimeEvent>,
}

impl fmt::Display for Included {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "in block {}, fee {}", self.block.number, self.fee)
	}
}

impl Included {
	/// The first event that `find` makes something of. The call succeeded, so that its event is
	/// missing means that the runtime is not the linked one.
	pub fn expect_event<T>(
		&self,
		what: &str,
		find: impl Fn(&RuntimeEvent) -> Option<T>,
	) -> Result<T, CliError> {
		self.events.iter().find_map(find).ok_or_else(|| {
			CliError::Failed(format!(
				"the transaction is in block {}, but it has no event {what}",
				self.block.number
			))
		})
	}
}

/// Progress of a transaction, as `author_submitAndWatchExtrinsic` tells it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
	Future,
	Ready,
	Broadcast(Vec<String>),
	InBlock(Hash),
	Retracted(Hash),
	FinalityTimeout(Hash),
	Finalized(Hash),
	Usurped(Hash),
	Dropped,
	Invalid,
}

impl Chain {
	/// Signs `call`, submits it, and waits for its result. An error of the call is
	/// [`CliError::Refused`].
	pub async fn submit(
		&self,
		signer: &Signer,
		call: RuntimeCall,
		args: SubmitArgs,
	) -> Result<Included, CliError> {
		let signed = self.sign(signer, call, args.nonce).await?;
		let method = "author_submitAndWatchExtrinsic";
		let mut statuses = self
			.subscribe::<Status>(
				method,
				rpc_params![Bytes(signed.bytes.clone())],
				"author_unwatchExtrinsic",
			)
			.await
			.map_err(|error| match &error {
				RpcError::Call(answer) => match refusal::of_submission(answer) {
					Some(refusal) => CliError::Refused(refusal),
					None => self.failure(method, error),
				},
				_ => self.failure(method, error),
			})?;
		let mut seen = None;
		let patience = Duration::from_secs(args.block_timeout);
		let followed = self.follow(&mut statuses, args.finalized, &mut seen);
		let block = match timeout(patience, followed).await {
			Ok(block) => block?,
			Err(_) => return Err(timed_out(&signed, seen, args.block_timeout)),
		};
		self.result(block, &signed).await
	}

	/// The block that has the transaction with these statuses. `seen` is the last one that was named so far.
	async fn follow(
		&self,
		statuses: &mut Subscription<Status>,
		finalized: bool,
		seen: &mut Option<Hash>,
	) -> Result<Hash, CliError> {
		loop {
			match self.next(statuses).await? {
				Status::InBlock(block) if !finalized => return Ok(block),
				Status::Finalized(block) => return Ok(block),
				Status::InBlock(block) => *seen = Some(block),
				Status::Retracted(_) => *seen = None,
				Status::FinalityTimeout(_) => {
					return Err(CliError::TimedOut(
						"the transaction is in a block, but the chain does not finalise".to_owned(),
					))
				},
				Status::Usurped(_) => return Err(not_included("another one took its place")),
				Status::Dropped => return Err(not_included("the node's pool dropped it")),
				Status::Invalid => return Err(not_included("it became invalid")),
				Status::Future | Status::Ready | Status::Broadcast(_) => {},
			}
		}
	}

	/// The account's next nonce, after what the node's pool has of it.
	pub async fn next_nonce(&self, account: &AccountId) -> Result<Nonce, CliError> {
		let address = account.to_ss58check();
		self.request("system_accountNextIndex", rpc_params![address])
			.await
	}

	/// Signs `call` with this nonce, or the account's next one, and a mortal era, in the encoding of
	/// the chain's newest runtime.
	async fn sign(
		&self,
		signer: &Signer,
		call: RuntimeCall,
		nonce: Option<Nonce>,
	) -> Result<Signed, CliError> {
		let nonce = match nonce {
			Some(nonce) => nonce,
			None => self.next_nonce(signer.account()).await?,
		};
		let checkpoint = self.finalised().await?;
		let runtime = self.runtime(self.best().await?.hash).await?;
		let era = Era::mortal(LIFE, checkpoint.number.into());
		let terms = Terms {
			nonce,
			era,
			era_start: checkpoint.hash,
			genesis: self.genesis(),
			spec_version: runtime.version.spec_version,
			transaction_version: runtime.version.transaction_version,
			tip: 0,
		};
		let foreign = |error| self.foreign(error);
		let call = runtime.metadata.call(&call).map_err(foreign)?;
		let unsigned = runtime
			.metadata
			.transaction(call, &terms)
			.map_err(foreign)?;
		let signature = MultiSignature::Sr25519(signer.sign(&unsigned.payload()));
		let bytes = unsigned
			.signed(signer.account().clone(), signature)
			.map_err(foreign)?;
		Ok(Signed {
			bytes,
			nonce,
			last_block: era.death(checkpoint.number.into()).saturating_sub(1),
		})
	}

	/// What a transaction did in `block`.
	async fn result(&self, block: Hash, signed: &Signed) -> Result<Included, CliError> {
		let extrinsics = self.extrinsics(block).await?;
		let extrinsic = (0u32..)
			.zip(&extrinsics)
			.find(|(_, bytes)| bytes.0 == signed.bytes)
			.map(|(index, _)| index)
			.ok_or_else(|| not_included("the node named a block that does not have it"))?;
		let runtime = self.made_by(block).await?;
		let metadata = &runtime.metadata;
		let events = self.extrinsic_events(metadata, block, extrinsic).await?;
		let mut fee: Balance = 0;
		let mut succeeded = false;
		for event in &events {
			match event {
				RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
					dispatch_error,
					..
				}) => {
					return Err(CliError::Refused(refusal::of_dispatch(
						metadata,
						dispatch_error,
					)))
				},
				RuntimeEvent::System(frame_system::Event::ExtrinsicSuccess { .. }) => {
					succeeded = true;
				},
				RuntimeEvent::TransactionPayment(
					pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, .. },
				) => fee = *actual_fee,
				_ => {},
			}
		}
		if !succeeded {
			return Err(CliError::Failed(format!(
				"the node at {} has no result of the transaction in block {block:?}",
				self.url()
			)));
		}
		Ok(Included {
			block: BlockRef {
				number: self.block_number(block).await?,
				hash: block,
			},
			extrinsic,
			extrinsic_hash: signed.hash(),
			fee: Amount(fee),
			events,
		})
	}
}

/// Neither a block nor a reason why there is none.
fn timed_out(signed: &Signed, seen: Option<Hash>, seconds: u64) -> CliError {
	let Signed {
		nonce, last_block, ..
	} = signed;
	let hash = signed.hash();
	CliError::TimedOut(match seen {
		Some(block) => format!(
			"the transaction {hash:?} is in block {block:?}, which is not final after {seconds} seconds: see \
			 `inference chain status`. Do not send it again"
		),
		None => format!(
			"the transaction {hash:?} is in no block after {seconds} seconds, and may get into one until block \
			 {last_block}: see `inference chain status`. To try again without paying twice, give --nonce {nonce}"
		),
	})
}

fn not_included(why: &str) -> CliError {
	CliError::Refused(Refusal {
		pallet: None,
		name: "NotIncluded".to_owned(),
		explanation: format!("The transaction is in no block: {why}. Run the command again."),
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn statuses_are_read_as_nodes_write_them() {
		let hash = Hash::repeat_byte(1);
		for (json, status) in [
			("\"ready\"".to_owned(), Status::Ready),
			(
				format!("{{\"inBlock\":\"{hash:?}\"}}"),
				Status::InBlock(hash),
			),
			(
				format!("{{\"finalized\":\"{hash:?}\"}}"),
				Status::Finalized(hash),
			),
			(
				"{\"broadcast\":[\"12D3\"]}".to_owned(),
				Status::Broadcast(vec!["12D3".into()]),
			),
			("\"invalid\"".to_owned(), Status::Invalid),
		] {
			assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
		}
	}

	#[test]
	fn a_mortal_era_is_born_at_its_checkpoint() {
		for number in [0u64, 1, 63, 64, 1_000_003] {
			assert_eq!(Era::mortal(LIFE, number).birth(number), number);
		}
	}
}
