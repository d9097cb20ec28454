//! Which blocks below the one that it began at a node asks others for.
//!
//! After warp sync a node has a late block and its state, and a gap below. It fills the gap with headers and
//! justifications, which it needs to serve warp sync itself. Whether it wants the transactions, too, is said here.
//!
//! The SDK wants them wherever the node keeps blocks, which is the default (`default_gap_sync_body_policy` of sc-service
//! 0.62). It disconnects whoever has none (`ChainSync::on_block_data` in sc-network-sync 0.59), so among peers that have
//! all pruned their blocks it loses one after the other, and with them the new blocks.

use inference_runtime::opaque::Block;
use sc_network::config::SyncMode;
use sc_network_sync::strategy::chain_sync::GapSyncBodyPolicy;
use sc_service::BlocksPruning;
use sp_blockchain::{BlockGapType, Info};

/// Whether the transactions of a gap's blocks are fetched: only if the node was told to keep all blocks there are,
/// `--blocks-pruning archive`.
///
/// `--sync fast` is left as it is in the SDK: such a node has the headers already, and bodies are what closes its gap.
pub fn gap_bodies(blocks: BlocksPruning, sync: SyncMode, chain: &Info<Block>) -> GapSyncBodyPolicy {
	let lacks_bodies_only = chain
		.block_gap
		.is_some_and(|gap| gap.gap_type == BlockGapType::MissingBody);
	let is_fast = sync.light_state() || lacks_bodies_only;
	match blocks {
		BlocksPruning::KeepAll => GapSyncBodyPolicy::All,
		BlocksPruning::KeepFinalized if is_fast => GapSyncBodyPolicy::All,
		BlocksPruning::KeepFinalized | BlocksPruning::Some(_) => GapSyncBodyPolicy::HeadersOnly,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_blockchain::BlockGap;

	/// A chain at block 100 with a gap.
	fn chain(gap_type: Option<BlockGapType>) -> Info<Block> {
		Info {
			best_hash: Default::default(),
			best_number: 100,
			genesis_hash: Default::default(),
			finalized_hash: Default::default(),
			finalized_number: 100,
			finalized_state: None,
			number_leaves: 1,
			block_gap: gap_type.map(|gap_type| BlockGap {
				start: 1,
				end: 99,
				gap_type,
			}),
		}
	}

	const FAST: SyncMode = SyncMode::LightState {
		skip_proofs: false,
		storage_chain_mode: false,
	};

	#[test]
	fn a_node_should_not_insist_on_old_transactions_after_warp_sync() {
		let after_warp = chain(Some(BlockGapType::MissingHeaderAndBody));
		for sync in [SyncMode::Warp, SyncMode::Full] {
			for blocks in [BlocksPruning::KeepFinalized, BlocksPruning::Some(32)] {
				assert_eq!(
					gap_bodies(blocks, sync, &after_warp),
					GapSyncBodyPolicy::HeadersOnly
				);
			}
		}
	}

	#[test]
	fn a_node_that_keeps_all_blocks_should_fetch_those_of_the_gap() {
		for sync in [SyncMode::Warp, SyncMode::Full, FAST] {
			assert_eq!(
				gap_bodies(BlocksPruning::KeepAll, sync, &chain(None)),
				GapSyncBodyPolicy::All
			);
		}
	}

	#[test]
	fn fast_sync_should_fetch_bodies_where_the_node_keeps_blocks() {
		let bodies_only = chain(Some(BlockGapType::MissingBody));
		let keeps = BlocksPruning::KeepFinalized;
		assert_eq!(
			gap_bodies(keeps, FAST, &chain(None)),
			GapSyncBodyPolicy::All
		);
		assert_eq!(
			gap_bodies(keeps, SyncMode::Full, &bodies_only),
			GapSyncBodyPolicy::All
		);
		assert_eq!(
			gap_bodies(BlocksPruning::Some(32), FAST, &bodies_only),
			GapSyncBodyPolicy::HeadersOnly
		);
	}
}
