//! Benchmarks of the pallet's calls. What the verifier does with a key is part of them; it is
//! small beside a real key's decoding, which [`WeightInfo`] leaves to the verifier's weight.

use super::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, Get},
	BoundedVec,
};
use frame_system::RawOrigin;
use inference_primitives::Visibility;

/// A key with which models can be registered in benchmarks.
pub struct BenchmarkKey {
	/// Its proof system.
	pub system: ProofSystem,
	/// Its setup, approved.
	pub setup: SetupId,
	/// The encoded key.
	pub key: Vec<u8>,
}

/// What benchmarks need of the runtime.
pub trait BenchmarkHelper {
	/// The key's public inputs; at least 3.
	fn public_inputs() -> u32;
	/// A key that the runtime's verifier takes, and that holds `binding`.
	fn key(binding: [u8; 32]) -> BenchmarkKey;
}

/// A tensor with the longest encoding.
fn spec(values: u32) -> TensorSpec {
	let mut shape = alloc::vec![1; TensorSpec::MAX_RANK];
	shape[0] = values;
	TensorSpec {
		shape,
		scale_bits: TensorSpec::MAX_SCALE_BITS,
		min: -TensorSpec::MAX_ABS,
		max: TensorSpec::MAX_ABS,
		visibility: Visibility::Public,
	}
}

/// The largest registration under the runtime's key.
fn registration<T: Config>() -> Result<Registration, BenchmarkError> {
	let (input, output) = (
		spec(1),
		spec(T::BenchmarkHelper::public_inputs().saturating_sub(2)),
	);
	let circuit_hash = [2; 32];
	let binding = inference_primitives::binding(&input, &output, &circuit_hash);
	let BenchmarkKey { system, setup, key } = T::BenchmarkHelper::key(binding);
	Ok(Registration {
		name: BoundedVec::try_from(alloc::vec![b'n'; MAX_NAME_BYTES as usize])
			.map_err(|_| BenchmarkError::Stop("the name is too long"))?,
		system,
		setup,
		key: BoundedVec::try_from(key).map_err(|_| BenchmarkError::Stop("the key is too long"))?,
		input,
		output,
		royalty: T::MaxRoyalty::get(),
		bundle_hash: [1; 32],
		circuit_hash,
	})
}

/// An account that can pay fee and deposits.
fn funded<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let account: T::AccountId = whitelisted_caller();
	let amount = Balance::MAX / 1_000_000;
	for account in [account.clone(), T::Treasury::get()] {
		T::Currency::mint_into(&account, amount)
			.map_err(|_| BenchmarkError::Stop("the account cannot be funded"))?;
	}
	Ok(account)
}

/// A registered model and its creator.
fn registered<T: Config>() -> Result<(ModelRef, T::AccountId), BenchmarkError> {
	let creator = funded::<T>()?;
	let model = ModelRef {
		model: NextModelId::<T>::get(),
		version: 1,
	};
	Pallet::<T>::do_register_model(creator.clone(), registration::<T>()?, Balance::MAX)
		.map_err(|_| BenchmarkError::Stop("the model is refused"))?;
	Ok((model, creator))
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register_model() -> Result<(), BenchmarkError> {
		let creator = funded::<T>()?;
		let model = ModelRef {
			model: NextModelId::<T>::get(),
			version: 1,
		};
		let Registration {
			name,
			system,
			setup,
			key,
			input,
			output,
			royalty,
			bundle_hash,
			circuit_hash,
		} = registration::<T>()?;
		#[extrinsic_call]
		_(
			RawOrigin::Signed(creator),
			name,
			system,
			setup,
			key,
			input,
			output,
			royalty,
			bundle_hash,
			Balance::MAX,
			circuit_hash,
		);
		assert!(Models::<T>::contains_key(model));
		Ok(())
	}

	#[benchmark]
	fn change_status() -> Result<(), BenchmarkError> {
		let (model, creator) = registered::<T>()?;
		#[extrinsic_call]
		activate(RawOrigin::Signed(creator), model);
		assert_eq!(
			Models::<T>::get(model).map(|m| m.status),
			Some(ModelStatus::Active)
		);
		Ok(())
	}

	#[benchmark]
	fn remove() -> Result<(), BenchmarkError> {
		let (model, creator) = registered::<T>()?;
		Pallet::<T>::do_change_status(creator.clone(), model, ModelStatus::Retired)
			.map_err(|_| BenchmarkError::Stop("the model cannot be retired"))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(creator), model);
		assert!(!Models::<T>::contains_key(model));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
