//! Weights of the pallet's calls.
//!
//! Provisional: storage accesses are counted, computing time is estimated from above, until
//! frame-omni-bencher's output replaces this file.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls. Decoding and checking a key comes on top, by its verifier.
pub trait WeightInfo {
	/// `register_model` and `register_version`, without the key.
	fn register_model() -> Weight;
	/// `activate`, `deprecate` and `retire`
	fn change_status() -> Weight;
	/// `remove`
	fn remove() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_model() -> Weight {
		Weight::from_parts(200_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(10, 9))
	}

	fn change_status() -> Weight {
		Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}

	fn remove() -> Weight {
		Weight::from_parts(150_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
}

impl WeightInfo for () {
	fn register_model() -> Weight {
		Weight::from_parts(200_000_000, 0)
	}

	fn change_status() -> Weight {
		Weight::from_parts(30_000_000, 0)
	}

	fn remove() -> Weight {
		Weight::from_parts(150_000_000, 0)
	}
}
