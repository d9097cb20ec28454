//! The loop.

use crate::{
	chain::{Chain, FinalizedBlock},
	worker::Worker,
};
use futures::{FutureExt, Stream, StreamExt};

/// Acts at every block of `finality`, until it ends, and on the prover's answers as they come.
///
/// If blocks came while the last one was handled, only the newest is looked at: the inbox is state,
/// so nothing is lost with the ones between. Blocks below one that was handled are ignored. A block
/// never waits for an answer of the prover.
pub async fn run<C: Chain>(
	mut worker: Worker<C>,
	finality: impl Stream<Item = FinalizedBlock> + Unpin,
) {
	let mut finality = finality.fuse();
	let mut last = None;
	loop {
		tokio::select! {
			block = finality.next() => {
				let Some(mut block) = block else {
					break;
				};
				while let Some(Some(newer)) = finality.next().now_or_never() {
					block = newer;
				}
				if last.is_none_or(|last| block.number >= last) {
					last = Some(block.number);
					worker.look(block).await;
				}
			},
			() = worker.answered() => worker.advance_all().await,
		}
	}
	worker.finish().await;
}
