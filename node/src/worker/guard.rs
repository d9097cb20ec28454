//! Panics of the worker unwind. The SDK's panic hook ends the process for a panic of any thread that
//! has not asked for that; a block producer must not stop because of one proof.

use sp_panic_handler::AbortGuard;
use std::{future::Future, pin::pin};

/// `future`, whose panics unwind instead of ending the process. The worker itself catches them.
pub(super) async fn unwinding<F: Future>(future: F) -> F::Output {
	let mut future = pin!(future);
	// The guard is of the thread, so it lives for one poll.
	std::future::poll_fn(move |context| {
		let _guard = AbortGuard::force_unwind();
		future.as_mut().poll(context)
	})
	.await
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::FutureExt;
	use std::panic::AssertUnwindSafe;

	#[test]
	fn a_panic_in_a_guarded_future_should_not_end_the_process() {
		// The node's own hook. This test's process would exit here without the guard.
		sp_panic_handler::set("nowhere", "test");
		let caught = futures::executor::block_on(
			AssertUnwindSafe(unwinding(async { panic!("a panic that a test asked for") }))
				.catch_unwind(),
		);
		let _ = std::panic::take_hook();
		assert!(caught.is_err());
	}
}
