//! Registration of models and versions, and its fee.

use super::*;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		fungible::{hold::Mutate as _, Mutate as _},
		tokens::Preservation,
		Get,
	},
	BoundedVec,
};
use inference_primitives::{binding, BlockNumber, SpecError};
use sp_runtime::{traits::UniqueSaturatedInto, DispatchError};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_model(
		creator: AccountIdOf<T>,
		registration: Registration,
		max_fee: Balance,
	) -> DispatchResult {
		let id = NextModelId::<T>::get();
		let next =
			id.0.checked_add(1)
				.map(ModelId)
				.ok_or(Error::<T>::Overflow)?;
		let lineage = Lineage {
			creator,
			latest: 0,
			versions: BoundedVec::new(),
		};
		Self::register(id, lineage, registration, max_fee)?;
		NextModelId::<T>::put(next);
		Ok(())
	}

	pub(crate) fn do_register_version(
		creator: AccountIdOf<T>,
		id: ModelId,
		registration: Registration,
		max_fee: Balance,
	) -> DispatchResult {
		let lineage = Lineages::<T>::get(id).ok_or(Error::<T>::UnknownModel)?;
		ensure!(lineage.creator == creator, Error::<T>::NotCreator);
		Self::register(id, lineage, registration, max_fee)
	}

	/// Registers the next version of a lineage.
	fn register(
		id: ModelId,
		mut lineage: Lineage<AccountIdOf<T>>,
		registration: Registration,
		max_fee: Balance,
	) -> DispatchResult {
		let creator = lineage.creator.clone();
		let version = lineage
			.latest
			.checked_add(1)
			.ok_or(Error::<T>::TooManyVersions)?;
		lineage.latest = version;
		lineage
			.versions
			.try_push(version)
			.map_err(|_| Error::<T>::TooManyVersions)?;
		let reference = ModelRef { model: id, version };
		Self::check(&registration)?;
		let fee = Self::charge_fee(&creator, max_fee)?;
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
		} = registration;
		let info = T::ProofVerifier::register_key(&creator, system, setup, &key)?;
		let values = 1usize
			.saturating_add(input.len())
			.saturating_add(output.len());
		ensure!(
			usize::try_from(info.public_inputs).ok() == Some(values),
			Error::<T>::PublicInputsMismatch
		);
		ensure!(
			info.binding == binding(&input, &output, &circuit_hash),
			Error::<T>::TensorsMismatch
		);
		let deposit = Self::version_deposit()?;
		T::Currency::hold(&HoldReason::ModelDeposit.into(), &creator, deposit)?;
		Lineages::<T>::insert(id, lineage);
		Models::<T>::insert(
			reference,
			Model {
				creator: creator.clone(),
				name,
				status: ModelStatus::Draft,
				system,
				setup,
				vk_hash: info.vk_hash,
				input,
				output,
				compute_units: info.compute_units,
				royalty,
				bundle_hash,
				deposit,
				in_flight: 0,
				settled: 0,
			},
		);
		Self::deposit_event(Event::ModelRegistered {
			model: reference,
			creator,
			vk_hash: info.vk_hash,
			compute_units: info.compute_units,
			fee,
		});
		Ok(())
	}

	/// Checks what can be checked without the key.
	fn check(registration: &Registration) -> DispatchResult {
		Self::check_name(&registration.name)?;
		Self::check_spec(&registration.input)?;
		Self::check_spec(&registration.output)?;
		ensure!(
			registration.royalty <= T::MaxRoyalty::get(),
			Error::<T>::RoyaltyTooHigh
		);
		Ok(())
	}

	pub(crate) fn check_name(name: &[u8]) -> Result<(), Error<T>> {
		ensure!(
			!name.is_empty() && core::str::from_utf8(name).is_ok(),
			Error::<T>::BadName
		);
		Ok(())
	}

	pub(crate) fn check_spec(spec: &TensorSpec) -> Result<(), Error<T>> {
		spec.check().map_err(|error| match error {
			SpecError::RankTooHigh => Error::<T>::TensorRankTooHigh,
			SpecError::BadShape => Error::<T>::BadTensorShape,
			SpecError::ScaleTooFine => Error::<T>::TensorScaleTooFine,
			SpecError::BadDomain => Error::<T>::BadTensorDomain,
		})
	}

	/// The deposit for a version: as for the largest, planck.
	fn version_deposit() -> Result<Balance, Error<T>> {
		let bytes = <Model<AccountIdOf<T>> as codec::MaxEncodedLen>::max_encoded_len();
		Balance::try_from(bytes)
			.ok()
			.and_then(|bytes| bytes.checked_mul(T::Network::parameters().deposit_per_byte))
			.ok_or(Error::<T>::Overflow)
	}

	/// Pays the registration fee to the treasury and raises it for the next.
	fn charge_fee(creator: &AccountIdOf<T>, max_fee: Balance) -> Result<Balance, DispatchError> {
		let fee = Self::registration_fee();
		ensure!(fee <= max_fee, Error::<T>::FeeAboveMaximum);
		let state = Fee::<T>::get();
		let at = Self::block_number();
		// Saturating: bounded by the limit checked next.
		let in_block = if state.at == at {
			state.in_block.saturating_add(1)
		} else {
			1
		};
		ensure!(
			in_block <= MAX_REGISTRATIONS_PER_BLOCK,
			Error::<T>::TooManyRegistrations
		);
		T::Currency::transfer(creator, &T::Treasury::get(), fee, Preservation::Preserve)?;
		let floor = T::Network::parameters().registration_fee_floor;
		Fee::<T>::put(FeeState {
			fee: fees::raised(fee, floor),
			at,
			in_block,
		});
		Ok(fee)
	}

	/// The present registration fee, planck.
	pub fn registration_fee() -> Balance {
		let parameters = T::Network::parameters();
		let state = Fee::<T>::get();
		let blocks = Self::block_number().saturating_sub(state.at);
		fees::decayed(
			state.fee,
			blocks,
			parameters.registration_fee_half_life,
			parameters.registration_fee_floor,
		)
	}

	pub(crate) fn block_number() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}
}
