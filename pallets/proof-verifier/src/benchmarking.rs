//! Benchmarks of the pallet's calls, with the real key and proof of `vectors`.
//!
//! They measure one key. The weights of other sizes follow from the formula in
//! [`verification_weight`](crate::verification_weight), which a test compares with them.

use super::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, EnsureOrigin};
use frame_system::RawOrigin;
use inference_primitives::Ticks;
use inference_verifier::{vk_hash, Plan, Setup};

const PLAN: &[u8] = include_bytes!("../vectors/plan.bin");
const PROOF: &[u8] = include_bytes!("../vectors/proof.bin");
const PUBLIC_INPUTS: &[u8] = include_bytes!("../vectors/public_inputs.bin");

impl<T: Config> Pallet<T> {
	/// For benchmarks, of other pallets too: approves the insecure development setup and gives a
	/// key under it that has five public inputs.
	pub fn benchmark_key() -> (ProofSystem, SetupId, &'static [u8]) {
		let setup = Setup::insecure_development();
		if !Setups::<T>::contains_key(setup.id()) {
			Self::store_setup(&setup);
		}
		(ProofSystem::Halo2, setup.id(), PLAN)
	}

	/// For benchmarks of other pallets: that key, but holding `binding`.
	pub fn benchmark_key_of(binding: [u8; 32]) -> (ProofSystem, SetupId, Vec<u8>) {
		let (system, setup, plan) = Self::benchmark_key();
		let mut plan = plan.to_vec();
		let held = Plan::decode_canonical(&plan).map(|plan| plan.binding());
		let held = held.expect("the vectors' plan is valid; qed");
		let at = plan.windows(32).position(|bytes| bytes == held);
		let at = at.expect("a plan's encoding has its binding; qed");
		plan[at..at + 32].copy_from_slice(&binding);
		(system, setup, plan)
	}

	/// For benchmarks of other pallets: stores the record of a key, without its plan.
	pub fn benchmark_record(vk_hash: VkHash, depositor: T::AccountId) {
		let (system, setup, _) = Self::benchmark_key();
		let deposit = Deposit {
			depositor,
			amount: 1,
		};
		let sizes = KeySizes {
			bytes: 1,
			public_inputs: 1,
			msm_points: 1,
			proof_points: 1,
			evaluations: 1,
			operations: 1,
			products: 1,
			compute_units: inference_primitives::ComputeUnits(1),
		};
		Keys::<T>::insert(
			vk_hash,
			Key {
				registration: Some(deposit.clone()),
				references: 1,
				reference_deposit: Some(deposit),
				..Key::new(system, setup, sizes)
			},
		);
	}
}

/// An account that can pay the deposit.
fn funded<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let account: T::AccountId = whitelisted_caller();
	T::Currency::mint_into(&account, Balance::MAX / 1_000_000)
		.map_err(|_| BenchmarkError::Stop("the account cannot be funded"))?;
	Ok(account)
}

/// Registers the key; its hash and who registered it.
fn registered<T: Config>() -> Result<(VkHash, T::AccountId), BenchmarkError> {
	let by = funded::<T>()?;
	let (system, setup, plan) = Pallet::<T>::benchmark_key();
	let bytes = bounded::<KeyBytes>(plan)?;
	Pallet::<T>::register_key(RawOrigin::Signed(by.clone()).into(), system, setup, bytes)
		.map_err(|_| BenchmarkError::Stop("the key is refused"))?;
	Ok((vk_hash(system, &setup, plan), by))
}

fn bounded<B: TryFrom<Vec<u8>>>(bytes: &[u8]) -> Result<B, BenchmarkError> {
	B::try_from(bytes.to_vec()).map_err(|_| BenchmarkError::Stop("too many bytes"))
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::GovernanceOrigin::try_successful_origin()
		.map_err(|_| BenchmarkError::Stop("governance has no origin"))
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn approve_setup() -> Result<(), BenchmarkError> {
		let setup = Setup::insecure_development();
		Setups::<T>::remove(setup.id());
		let bytes = bounded::<SetupBytes>(&setup.to_bytes())?;
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, bytes);
		assert!(Setups::<T>::contains_key(setup.id()));
		Ok(())
	}

	#[benchmark]
	fn revoke_setup() -> Result<(), BenchmarkError> {
		let (_, setup, _) = Pallet::<T>::benchmark_key();
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, setup);
		assert!(!Setups::<T>::contains_key(setup));
		Ok(())
	}

	/// A key's, whose records are the longest.
	#[benchmark]
	fn set_end_of_life() -> Result<(), BenchmarkError> {
		let (hash, _) = registered::<T>()?;
		let notice = T::Network::parameters().unbonding;
		let end = Some(T::Network::now().after(notice).after(Ticks(1)));
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Subject::Key(hash), end);
		assert_eq!(EndsOfLife::<T>::get(Subject::Key(hash)), end);
		Ok(())
	}

	#[benchmark]
	fn disable() -> Result<(), BenchmarkError> {
		let (hash, _) = registered::<T>()?;
		let origin = T::EmergencyOrigin::try_successful_origin()
			.map_err(|_| BenchmarkError::Stop("an emergency has no origin"))?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Subject::Key(hash));
		assert!(Pallet::<T>::is_disabled(hash));
		Ok(())
	}

	#[benchmark]
	fn register_key() -> Result<(), BenchmarkError> {
		let by = funded::<T>()?;
		let (system, setup, plan) = Pallet::<T>::benchmark_key();
		let bytes = bounded::<KeyBytes>(plan)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(by), system, setup, bytes);
		assert!(Keys::<T>::contains_key(vk_hash(system, &setup, plan)));
		Ok(())
	}

	#[benchmark]
	fn release_key() -> Result<(), BenchmarkError> {
		let (hash, by) = registered::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(by), hash);
		assert!(!Keys::<T>::contains_key(hash));
		Ok(())
	}

	#[benchmark]
	fn verify_proof() -> Result<(), BenchmarkError> {
		let (hash, by) = registered::<T>()?;
		let (chunks, _) = PUBLIC_INPUTS.as_chunks::<32>();
		let inputs = PublicInputs::try_from(chunks.to_vec())
			.map_err(|_| BenchmarkError::Stop("too many public inputs"))?;
		let proof = bounded::<ProofBytes>(PROOF)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(by), hash, inputs, proof);
		Ok(())
	}

	/// A batch of one: what its keys and proofs add follows from their sizes.
	#[benchmark]
	fn verify_proofs() -> Result<(), BenchmarkError> {
		let (vk_hash, by) = registered::<T>()?;
		let (chunks, _) = PUBLIC_INPUTS.as_chunks::<32>();
		let item = ProofItem {
			vk_hash,
			public_inputs: PublicInputs::try_from(chunks.to_vec())
				.map_err(|_| BenchmarkError::Stop("too many public inputs"))?,
			proof: bounded::<ProofBytes>(PROOF)?,
		};
		let proofs = ProofItems::try_from(alloc::vec![item])
			.map_err(|_| BenchmarkError::Stop("too many proofs"))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(by), proofs);
		Ok(())
	}

	/// A proof under a key that is not registered.
	#[benchmark]
	fn verify_unknown_key() -> Result<(), BenchmarkError> {
		let by = funded::<T>()?;
		let proof = bounded::<ProofBytes>(PROOF)?;
		let result;
		#[block]
		{
			result = Pallet::<T>::verify_proof(
				RawOrigin::Signed(by).into(),
				VkHash([0xff; 32]),
				PublicInputs::default(),
				proof,
			);
		}
		assert!(result.is_err());
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
