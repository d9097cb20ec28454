//! Benchmarks of the pallet's calls and hooks.

use super::*;
use finality::{Report, WINDOW};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{EnsureOrigin, Get, Hooks},
	BoundedVec,
};

/// What benchmarks need of the runtime.
pub trait BenchmarkHelper {
	/// Gives the present block an author.
	fn set_author();
}

/// A runtime whose blocks have no authors.
impl BenchmarkHelper for () {
	fn set_author() {}
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn set_parameters() -> Result<(), BenchmarkError> {
		let origin = T::GovernanceOrigin::try_successful_origin()
			.map_err(|_| BenchmarkError::Stop("governance has no origin"))?;
		#[extrinsic_call]
		_(
			origin as T::RuntimeOrigin,
			ProtocolParameters::development(),
		);
		assert_eq!(Parameters::<T>::get(), ProtocolParameters::development());
		Ok(())
	}

	#[benchmark]
	fn set_serving() -> Result<(), BenchmarkError> {
		let origin = T::EmergencyOrigin::try_successful_origin()
			.map_err(|_| BenchmarkError::Stop("an emergency has no origin"))?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, false);
		assert!(Stopped::<T>::get());
		Ok(())
	}

	#[benchmark]
	fn report_finality() {
		#[extrinsic_call]
		_(frame_system::RawOrigin::None, 0);
		assert_eq!(Reported::<T>::get(), Some(0));
	}

	/// A clock that was held runs again. What else holds it is asked, too.
	#[benchmark]
	fn on_initialize() {
		Held::<T>::put(true);
		let before = ServiceClock::<T>::get();
		#[block]
		{
			Pallet::<T>::on_initialize(1u32.into());
		}
		assert!(!Held::<T>::get());
		assert_eq!(ServiceClock::<T>::get().0, before.0 + 1);
	}

	/// The window is full, and finality lags.
	#[benchmark]
	fn on_finalize() {
		let block: BlockNumber = 1_000;
		frame_system::Pallet::<T>::set_block_number(block.into());
		T::BenchmarkHelper::set_author();
		let reports = (0..WINDOW).map(|age| Report {
			author: account("author", age, 0),
			block: block - WINDOW + age,
			lag: block - WINDOW + age,
		});
		FinalityReports::<T>::put(BoundedVec::truncate_from(reports.collect()));
		Reported::<T>::put(0);
		#[block]
		{
			Pallet::<T>::on_finalize(block.into());
		}
		assert!(!Reported::<T>::exists());
		if T::BlockAuthor::get().is_some() {
			assert_eq!(HeldUntil::<T>::get(), block + WINDOW);
		}
	}

	impl_benchmark_test_suite!(Pallet, crate::tests::new_test_ext(), crate::tests::Test);
}
