//! Benchmarks of the pallet's calls. Ledgers are as long as they may be.

use super::*;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::DispatchResult,
	traits::{fungible::Mutate, Get},
	BoundedVec,
};
use frame_system::RawOrigin;
use inference_primitives::{parameters::UNIT, Tick};

/// What operators bond, planck: more than any pledge of the benchmarks needs.
const BOND: Balance = 1_000_000_000 * UNIT;

impl<T: Config> Pallet<T> {
	/// For benchmarks, of other pallets too: an operator that bonded plenty, with as many unbonding
	/// chunks as it may have.
	pub fn benchmark_operator(operator: &T::AccountId) -> DispatchResult {
		T::Currency::mint_into(operator, 2 * BOND)?;
		Self::do_bond(operator, BOND)?;
		set_chunks::<T>(operator, T::MaxUnbondingChunks::get(), Tick(u32::MAX));
		Ok(())
	}
}

/// Gives an operator so many unbonding chunks, which are ripe then.
fn set_chunks<T: Config>(operator: &T::AccountId, count: u32, withdrawable_at: Tick) {
	Ledgers::<T>::mutate(operator, |stored| {
		if let Some(ledger) = stored {
			let chunk = UnbondingChunk {
				amount: UNIT,
				withdrawable_at,
			};
			ledger.unbonding = BoundedVec::truncate_from(alloc::vec![chunk; count as usize]);
		}
	});
}

fn operator<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let operator: T::AccountId = whitelisted_caller();
	Pallet::<T>::benchmark_operator(&operator)
		.map_err(|_| BenchmarkError::Stop("the operator cannot bond"))?;
	Ok(operator)
}

fn ledger<T: Config>(operator: &T::AccountId) -> Ledger<T::MaxUnbondingChunks> {
	Ledgers::<T>::get(operator).unwrap_or_default()
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn bond() -> Result<(), BenchmarkError> {
		let operator = operator::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), UNIT);
		assert_eq!(ledger::<T>(&operator).bond, BOND + UNIT);
		Ok(())
	}

	/// The last chunk that fits.
	#[benchmark]
	fn unbond() -> Result<(), BenchmarkError> {
		let operator = operator::<T>()?;
		let most = T::MaxUnbondingChunks::get();
		set_chunks::<T>(&operator, most - 1, Tick(u32::MAX));
		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), UNIT);
		assert_eq!(ledger::<T>(&operator).unbonding.len(), most as usize);
		Ok(())
	}

	/// All chunks are ripe.
	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let operator = operator::<T>()?;
		set_chunks::<T>(&operator, T::MaxUnbondingChunks::get(), Tick(0));
		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()));
		assert!(ledger::<T>(&operator).unbonding.is_empty());
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
