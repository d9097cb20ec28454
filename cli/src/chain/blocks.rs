//! Blocks: heads, extrinsics, events.

use super::{client::ChainRuntime, Chain, Hash, RuntimeCall, RuntimeEvent};
use crate::error::CliError;
use frame_system::{EventRecord, Phase};
use inference_primitives::{BlockNumber, WorkloadId};
use inference_transaction::Metadata;
use jsonrpsee::{core::client::Subscription, rpc_params};
use serde::{Deserialize, Deserializer, Serialize};
use sp_core::Bytes;
use sp_runtime::Weight;
use std::sync::Arc;

/// Blocks searched for a proof at most, from the settlement backwards.
const SEARCH_BLOCKS: BlockNumber = 64;

/// A block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct BlockRef {
	/// Its height.
	pub number: BlockNumber,
	/// Its hash.
	pub hash: Hash,
}

/// The part of a header that is needed here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header {
	#[serde(deserialize_with = "hex_number")]
	number: BlockNumber,
	parent_hash: Hash,
}

fn hex_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BlockNumber, D::Error> {
	let text = String::deserialize(deserializer)?;
	BlockNumber::from_str_radix(text.trim_start_matches("0x"), 16)
		.map_err(|e| serde::de::Error::custom(format!("{text:?} is no block number: {e}")))
}

#[derive(Deserialize)]
struct SignedBlock {
	block: Block,
}

#[derive(Deserialize)]
struct Block {
	extrinsics: Vec<Bytes>,
}

/// The transaction that settled a workload by a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ProofPosting {
	/// Block that has it.
	pub block: BlockNumber,
	/// Its index there.
	pub extrinsic: u32,
	/// Bytes of the proof.
	pub bytes: u32,
	/// Computation that the chain charged for verification and settlement, picoseconds; absent if
	/// the node no longer has that block's events.
	pub ref_time: Option<u64>,
	/// Storage proof that the chain charged, bytes.
	pub proof_size: Option<u64>,
}

/// New heads of the chain, as a node announces them.
pub struct Heads {
	subscription: Subscription<Header>,
}

impl Chain {
	/// The newest block.
	pub async fn best(&self) -> Result<BlockRef, CliError> {
		let hash: Hash = self.request("chain_getBlockHash", rpc_params![]).await?;
		Ok(BlockRef {
			number: self.block_number(hash).await?,
			hash,
		})
	}

	/// The newest finalised block.
	pub async fn finalised(&self) -> Result<BlockRef, CliError> {
		let hash: Hash = self
			.request("chain_getFinalizedHead", rpc_params![])
			.await?;
		Ok(BlockRef {
			number: self.block_number(hash).await?,
			hash,
		})
	}

	/// The newest block, or the newest finalised one.
	pub async fn head(&self, finalised: bool) -> Result<BlockRef, CliError> {
		if finalised {
			self.finalised().await
		} else {
			self.best().await
		}
	}

	/// Height of a block.
	pub async fn block_number(&self, hash: Hash) -> Result<BlockNumber, CliError> {
		Ok(self.header(hash).await?.number)
	}

	async fn header(&self, hash: Hash) -> Result<Header, CliError> {
		let header: Option<Header> = self.request("chain_getHeader", rpc_params![hash]).await?;
		header.ok_or_else(|| {
			CliError::NotFound(format!(
				"the node at {} does not have block {hash:?}",
				self.url()
			))
		})
	}

	/// The runtime that made a block, whose transactions and events are in its encoding: the one of
	/// the state before it. An upgrade's block has the new one after it.
	pub(super) async fn made_by(&self, block: Hash) -> Result<Arc<ChainRuntime>, CliError> {
		let parent = self.header(block).await?.parent_hash;
		self.runtime(parent).await
	}

	async fn block_hash(&self, number: BlockNumber) -> Result<Option<Hash>, CliError> {
		self.request("chain_getBlockHash", rpc_params![number])
			.await
	}

	/// Follows the chain's head.
	pub async fn heads(&self, finalised: bool) -> Result<Heads, CliError> {
		let (method, unsubscribe) = if finalised {
			(
				"chain_subscribeFinalizedHeads",
				"chain_unsubscribeFinalizedHeads",
			)
		} else {
			("chain_subscribeNewHeads", "chain_unsubscribeNewHeads")
		};
		let subscription = self
			.subscribe(method, rpc_params![], unsubscribe)
			.await
			.map_err(|e| self.failure(method, e))?;
		Ok(Heads { subscription })
	}

	/// Waits for the next head, and returns its height.
	pub async fn next_head(&self, heads: &mut Heads) -> Result<BlockNumber, CliError> {
		self.next(&mut heads.subscription)
			.await
			.map(|header| header.number)
	}

	/// Encoded extrinsics of a block.
	pub(super) async fn extrinsics(&self, block: Hash) -> Result<Vec<Bytes>, CliError> {
		let found: Option<SignedBlock> = self.request("chain_getBlock", rpc_params![block]).await?;
		found.map(|signed| signed.block.extrinsics).ok_or_else(|| {
			CliError::NotFound(format!(
				"the node at {} does not have block {block:?}",
				self.url()
			))
		})
	}

	/// Events of the extrinsic with this index in a block, which a runtime with this metadata made.
	/// Those that this program does not know are left out.
	pub(super) async fn extrinsic_events(
		&self,
		metadata: &Metadata,
		block: Hash,
		extrinsic: u32,
	) -> Result<Vec<RuntimeEvent>, CliError> {
		let key = metadata.value_key("System", "Events");
		let stored = self.raw(key.map_err(|e| self.foreign(e))?, block).await?;
		let Some(stored) = stored else {
			return Ok(Vec::new());
		};
		let records = metadata.events::<EventRecord<RuntimeEvent, Hash>>(&stored);
		Ok(records
			.map_err(|e| self.foreign(e))?
			.into_iter()
			.filter(|record| record.phase == Phase::ApplyExtrinsic(extrinsic))
			.map(|record| record.event)
			.collect())
	}

	/// The transaction that proved `workload`, sought from block `last` back to `first`. `None` if
	/// no such call is in these blocks, or not as a call of its own, or the node has pruned them.
	pub async fn proof_posting(
		&self,
		workload: WorkloadId,
		first: BlockNumber,
		last: BlockNumber,
	) -> Result<Option<ProofPosting>, CliError> {
		let first = first.max(last.saturating_sub(SEARCH_BLOCKS));
		for number in (first..=last).rev() {
			let Some(hash) = self.block_hash(number).await? else {
				continue;
			};
			// The node may have pruned the states of that time; the block is still there.
			let runtime = match self.made_by(hash).await {
				Ok(runtime) => runtime,
				Err(_) => self.runtime(self.best().await?.hash).await?,
			};
			let metadata = &runtime.metadata;
			for (index, bytes) in (0u32..).zip(self.extrinsics(hash).await?) {
				let Some(proof_bytes) = proof_bytes(metadata, &bytes, workload) else {
					continue;
				};
				let events = self.extrinsic_events(metadata, hash, index).await;
				let events = events.unwrap_or_default();
				if failed(&events) {
					continue;
				}
				let weight = weight(&events);
				return Ok(Some(ProofPosting {
					block: number,
					extrinsic: index,
					bytes: proof_bytes,
					ref_time: weight.map(|weight| weight.ref_time()),
					proof_size: weight.map(|weight| weight.proof_size()),
				}));
			}
		}
		Ok(None)
	}
}

/// Length of the proof, if this extrinsic posts one for `workload`.
fn proof_bytes(metadata: &Metadata, extrinsic: &[u8], workload: WorkloadId) -> Option<u32> {
	let (_, call) = metadata.decode_transaction(extrinsic).ok().flatten()?;
	match &call {
		RuntimeCall::InferenceMarket(pallet_inference_market::Call::prove {
			workload: proven,
			proof,
			..
		}) if *proven == workload => u32::try_from(proof.len()).ok(),
		_ => None,
	}
}

fn failed(events: &[RuntimeEvent]) -> bool {
	events.iter().any(|event| {
		matches!(
			event,
			RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { .. })
		)
	})
}

fn weight(events: &[RuntimeEvent]) -> Option<Weight> {
	events.iter().find_map(|event| match event {
		RuntimeEvent::System(frame_system::Event::ExtrinsicSuccess { dispatch_info }) => {
			Some(dispatch_info.weight)
		},
		_ => None,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn header_numbers_are_hex() {
		let json = |number: &str| {
			let parent = Hash::repeat_byte(1);
			format!(r#"{{"number": "{number}", "parentHash": "{parent:?}", "more": 1}}"#)
		};
		let header: Header = serde_json::from_str(&json("0x1a")).unwrap();
		assert_eq!(header.number, 26);
		assert!(serde_json::from_str::<Header>(&json("0xzz")).is_err());
	}
}
