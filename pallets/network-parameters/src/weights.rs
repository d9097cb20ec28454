//! Weights of the pallet's calls.
//!
//! Provisional: storage accesses are counted, computing time is estimated from above, until
//! frame-omni-bencher's output replaces this file.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls.
pub trait WeightInfo {
	/// `set_parameters`
	fn set_parameters() -> Weight;
	/// `set_serving`
	fn set_serving() -> Weight;
	/// `report_finality`
	fn report_finality() -> Weight;
}

/// Weights with the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn set_parameters() -> Weight {
		Weight::from_parts(15_000_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}

	fn set_serving() -> Weight {
		Weight::from_parts(10_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}

	fn report_finality() -> Weight {
		Weight::from_parts(10_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
}

impl WeightInfo for () {
	fn set_parameters() -> Weight {
		Weight::from_parts(15_000_000, 0)
	}

	fn set_serving() -> Weight {
		Weight::from_parts(10_000_000, 0)
	}

	fn report_finality() -> Weight {
		Weight::from_parts(10_000_000, 0)
	}
}
