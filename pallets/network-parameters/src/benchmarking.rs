//! Benchmarks of the pallet's calls.

use super::*;
use frame_benchmarking::v2::*;
use frame_support::traits::EnsureOrigin;

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
		let origin = T::GovernanceOrigin::try_successful_origin()
			.map_err(|_| BenchmarkError::Stop("governance has no origin"))?;
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

	impl_benchmark_test_suite!(Pallet, crate::tests::new_test_ext(), crate::tests::Test);
}
