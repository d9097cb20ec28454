//! Weights of the pallet's calls.
//!
//! Provisional: storage accesses are counted, computing time is estimated from above, until
//! frame-omni-bencher's output replaces this file.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls.
pub trait WeightInfo {
	/// `bond`
	fn bond() -> Weight;
	/// `unbond`
	fn unbond() -> Weight;
	/// `withdraw`
	fn withdraw() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn bond() -> Weight {
		Weight::from_parts(60_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}

	fn unbond() -> Weight {
		Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(60_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
}

impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}

	fn unbond() -> Weight {
		Weight::from_parts(30_000_000, 0)
	}

	fn withdraw() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
}
