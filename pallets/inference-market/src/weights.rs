//! Weights of the pallet's calls and hooks.
//!
//! Provisional: storage accesses are counted, computing time is estimated from above, until
//! frame-omni-bencher's output replaces this file.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// Weights of the pallet's calls and hooks. Verification of proofs comes on top, by its verifier.
pub trait WeightInfo {
	/// `submit_workload` with `n` input values.
	fn submit_workload(n: u32) -> Weight;
	/// `cancel`
	fn cancel() -> Weight;
	/// `deliver` with `n` output values.
	fn deliver(n: u32) -> Weight;
	/// `prove` with `n` output values, without the verification.
	fn prove(n: u32) -> Weight;
	/// `expire`, or one deadline in the hook.
	fn expire() -> Weight;
	/// `decline`
	fn decline() -> Weight;
	/// `claim`
	fn claim() -> Weight;
	/// `prune`
	fn prune() -> Weight;
	/// A call with `n` values that is refused before it changes anything, without a verification.
	fn refused(n: u32) -> Weight;
	/// `claim` that is refused.
	fn refused_claim() -> Weight;
	/// What the transaction extension reads for a delivery or a proof.
	fn check_step() -> Weight;
	/// One model's turn in the hook: its pool's reach and its queue.
	fn serve_model() -> Weight;
	/// A look at one entry of a queue, without the draw.
	fn look() -> Weight;
	/// Assigning a workload to the node that was drawn.
	fn assign() -> Weight;
	/// One delayed slash in the hook.
	fn settle_delayed() -> Weight;
	/// `forgive_delayed_slashes`
	fn forgive_delayed_slashes() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// Computing time and database accesses of one operation.
fn cost<D: Get<frame_support::weights::RuntimeDbWeight>>(
	time_us: u64,
	values: u32,
	reads: u64,
	writes: u64,
) -> Weight {
	// 20 ns a value: encoding, hashing and range checks. Saturating: a weight's bound is enough.
	let time = time_us
		.saturating_mul(1_000_000)
		.saturating_add(u64::from(values).saturating_mul(20_000));
	Weight::from_parts(time, 0).saturating_add(D::get().reads_writes(reads, writes))
}

macro_rules! weights {
	($db:ty) => {
		fn submit_workload(n: u32) -> Weight {
			cost::<$db>(200, n, 28, 15)
		}

		fn cancel() -> Weight {
			cost::<$db>(150, 0, 11, 11)
		}

		fn deliver(n: u32) -> Weight {
			cost::<$db>(100, n, 12, 8)
		}

		fn prove(n: u32) -> Weight {
			cost::<$db>(300, n, 23, 18)
		}

		fn expire() -> Weight {
			cost::<$db>(300, 0, 37, 31)
		}

		/// As `expire`, and what leaving a pool takes, of 256 members.
		fn decline() -> Weight {
			cost::<$db>(400, 0, 43, 37)
		}

		fn claim() -> Weight {
			cost::<$db>(100, 0, 4, 4)
		}

		fn prune() -> Weight {
			cost::<$db>(150, 0, 6, 7)
		}

		/// Reads: workload, clock, model, input, output, an account or a credit; whether its system,
		/// setup or key is disabled; its key, for what a verification weighs; the signer's node, twice.
		fn refused(n: u32) -> Weight {
			cost::<$db>(60, n, 13, 0)
		}

		/// Reads: the credit, the pallet's account, the account that is paid.
		fn refused_claim() -> Weight {
			cost::<$db>(20, 0, 3, 0)
		}

		/// Reads: workload, clock, whether its system, setup or key is disabled; its key, for what a
		/// verification weighs; the signer's node, twice.
		fn check_step() -> Weight {
			cost::<$db>(20, 0, 10, 0)
		}

		fn serve_model() -> Weight {
			// The queue may leave the list of those that are served.
			cost::<$db>(10, 0, 3, 2)
		}

		fn look() -> Weight {
			// Workload and link; whether its system, setup or key is disabled.
			cost::<$db>(15, 0, 6, 0)
		}

		fn assign() -> Weight {
			// Workload, three links, two deadlines, inbox, and the user's account and holds.
			cost::<$db>(100, 0, 12, 9)
		}

		fn settle_delayed() -> Weight {
			cost::<$db>(150, 0, 10, 10)
		}

		fn forgive_delayed_slashes() -> Weight {
			cost::<$db>(20, 0, 3, 1)
		}
	};
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	weights!(T::DbWeight);
}

impl WeightInfo for () {
	weights!(ParityDbWeight);
}
