//! Benchmarks of the pallet's calls. What the verifier does with a key is part of them; it is
//! small beside a real key's decoding, for which the calls add the verifier's weight.

use super::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, Get},
	BoundedVec,
};
use frame_system::RawOrigin;
use inference_primitives::{ComputeUnits, Visibility, VkHash};

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

/// A registered version of a model that has so many, and its creator. The others are names only.
fn registered<T: Config>(versions: u32) -> Result<(ModelRef, T::AccountId), BenchmarkError> {
	let creator = funded::<T>()?;
	let model = NextModelId::<T>::get();
	Pallet::<T>::do_register_model(creator.clone(), registration::<T>()?, Balance::MAX)
		.map_err(|_| BenchmarkError::Stop("the model is refused"))?;
	let registered = Models::<T>::take(ModelRef { model, version: 1 })
		.ok_or(BenchmarkError::Stop("no model was registered"))?;
	let version = u16::try_from(versions).map_err(|_| BenchmarkError::Stop("too many versions"))?;
	let reference = ModelRef { model, version };
	Models::<T>::insert(reference, registered);
	Lineages::<T>::mutate(model, |stored| {
		if let Some(lineage) = stored {
			lineage.latest = version;
			lineage.versions = BoundedVec::truncate_from((1..=version).collect());
		}
	});
	Ok((reference, creator))
}

fn status<T: Config>(model: ModelRef) -> Option<ModelStatus> {
	Models::<T>::get(model).map(|model| model.status)
}

fn set_status<T: Config>(
	creator: &T::AccountId,
	model: ModelRef,
	status: ModelStatus,
) -> Result<(), BenchmarkError> {
	Pallet::<T>::do_change_status(creator.clone(), model, status)
		.map_err(|_| BenchmarkError::Stop("the status cannot be changed"))
}

impl<T: Config> Pallet<T> {
	/// For benchmarks of other pallets: stores an active version with the longest record, of so many
	/// input and output values and under this key.
	pub fn benchmark_model(
		reference: ModelRef,
		creator: T::AccountId,
		vk_hash: VkHash,
		inputs: u32,
		outputs: u32,
	) {
		Models::<T>::insert(
			reference,
			Model {
				creator,
				name: BoundedVec::truncate_from(alloc::vec![b'n'; MAX_NAME_BYTES as usize]),
				status: ModelStatus::Active,
				system: ProofSystem::Halo2,
				setup: SetupId::default(),
				vk_hash,
				input: spec(inputs),
				output: spec(outputs),
				compute_units: ComputeUnits(1),
				royalty: T::MaxRoyalty::get(),
				bundle_hash: [1; 32],
				deposit: 1,
				in_flight: 0,
				settled: 0,
			},
		);
	}
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
		let new = registration::<T>()?;
		#[extrinsic_call]
		_(
			RawOrigin::Signed(creator),
			new.name,
			new.system,
			new.setup,
			new.key,
			new.input,
			new.output,
			new.royalty,
			new.bundle_hash,
			Balance::MAX,
			new.circuit_hash,
		);
		assert!(Models::<T>::contains_key(model));
		Ok(())
	}

	/// The last version that a model may have stored at a time.
	#[benchmark]
	fn register_version() -> Result<(), BenchmarkError> {
		let (model, creator) = registered::<T>(MAX_VERSIONS - 1)?;
		let new = registration::<T>()?;
		#[extrinsic_call]
		_(
			RawOrigin::Signed(creator),
			model.model,
			new.name,
			new.system,
			new.setup,
			new.key,
			new.input,
			new.output,
			new.royalty,
			new.bundle_hash,
			Balance::MAX,
			new.circuit_hash,
		);
		let lineage = Lineages::<T>::get(model.model);
		assert_eq!(
			lineage.map(|lineage| lineage.versions.len()),
			Some(MAX_VERSIONS as usize)
		);
		Ok(())
	}

	#[benchmark]
	fn activate() -> Result<(), BenchmarkError> {
		let (model, creator) = registered::<T>(1)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(creator), model);
		assert_eq!(status::<T>(model), Some(ModelStatus::Active));
		Ok(())
	}

	#[benchmark]
	fn deprecate() -> Result<(), BenchmarkError> {
		let (model, creator) = registered::<T>(1)?;
		set_status::<T>(&creator, model, ModelStatus::Active)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(creator), model);
		assert_eq!(status::<T>(model), Some(ModelStatus::Deprecated));
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let (model, creator) = registered::<T>(1)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(creator), model);
		assert_eq!(status::<T>(model), Some(ModelStatus::Retired));
		Ok(())
	}

	/// The last of as many versions as a model may have, and the last reference to its key.
	#[benchmark]
	fn remove() -> Result<(), BenchmarkError> {
		let (model, creator) = registered::<T>(MAX_VERSIONS)?;
		set_status::<T>(&creator, model, ModelStatus::Retired)?;
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
