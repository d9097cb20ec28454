//! The transaction extension that keeps the reserved weight for those it is reserved for.
//!
//! A block has a part for operational transactions only, so that deliveries and proofs find room
//! whatever else goes on (docs/PROTOCOL.md, principle 3). The class belongs to a call, whoever signs it;
//! so it takes this extension to keep others out:
//! - `deliver` and `prove` are admitted from the present worker key of the node that the workload is
//!   assigned to, in the state and up to the deadline in which they can succeed, a `prove` with weight
//!   enough for its key, and `decline` from this key and the operator; `relay_proof` while the proof is
//!   owed.
//!   Two transactions of one step of a workload do not wait in one pool.
//! - Any other operational call is admitted as [`Config::OperationalCalls`] says: most of them
//!   are for root, and a call that fails for want of it would keep the weight it declared. That
//!   holds for batches of deliveries and proofs, too.
//!
//! Room in a block is not enough: pools are full, too, and both they and authors prefer what pays most a weight. So
//! steps, and what is admitted one at a time, go before all that pays, unless it tips about a thousand tokens ([`AHEAD`]).
//!
//! What is not admitted is in no block and pays nothing. One exception: a worker's own step that is
//! only too late is dropped by pools, but may be in a block, free of charge. It happens when
//! somebody copied its proof from the pool and came first in the same block; if the block's author
//! had to drop it, all that the worker sent after it would be dropped with it.

use crate::{delivery::WorkStep, Call, Config, Error, Pallet, WeightInfo, Workloads};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::{fmt, marker::PhantomData};
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, PostDispatchInfo},
	traits::IsSubType,
	weights::Weight,
};
use inference_primitives::WorkloadId;
use scale_info::TypeInfo;
use sp_runtime::{
	impl_tx_ext_default,
	traits::{
		AsSystemOriginSigner, DispatchInfoOf, DispatchOriginOf, Dispatchable, Implication,
		TransactionExtension, ValidateResult,
	},
	transaction_validity::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityError,
		ValidTransaction,
	},
};

/// Why a transaction is not admitted: the number in [`InvalidTransaction::Custom`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum NotAdmitted {
	/// No workload has this identifier.
	UnknownWorkload = 70,
	/// The workload does not wait for this step of this signer, or not any more.
	NotDue = 71,
	/// The call is operational, and not for this signer.
	NotOperational = 72,
	/// The workload's key weighs more than the `verify_limit` that the proof comes with.
	VerifyLimitTooLow = 73,
}

impl From<NotAdmitted> for TransactionValidityError {
	fn from(reason: NotAdmitted) -> Self {
		InvalidTransaction::Custom(reason as u8).into()
	}
}

/// Least priority of what goes before all that pays: half of all priorities. pallet-transaction-payment makes of a tip its
/// multiple by the number of such transactions that fit a block, so the smallest ones would each have to offer about a
/// thousand tokens to come first, and who is first pays it.
pub const AHEAD: TransactionPriority = TransactionPriority::MAX / 2;

/// The priority of a step, whose transaction has so many bytes: the shorter the better, so that outputs and proofs are not
/// kept out of full pools by long ones that are none.
fn of_step(bytes: usize) -> TransactionPriority {
	let bytes = TransactionPriority::try_from(bytes).unwrap_or(TransactionPriority::MAX);
	// Half of the room above: what its own fee adds is less than a step of this.
	AHEAD.saturating_add((AHEAD / 2).checked_div(bytes).unwrap_or(AHEAD / 2))
}

/// Whether an operational call that is no step is admitted from somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
	/// It is not.
	No,
	/// One of such a signer at a time in each pool, so about one a block. An author can put more into its own blocks.
	OneAtATime,
	/// As many as come.
	Any,
}

/// Who may make which operational calls besides assigned workers: the keys by which governance acts.
pub trait OperationalCalls<AccountId, Call> {
	/// Whether `who` may make `call`, which is operational.
	fn admission(who: &AccountId, call: &Call) -> Admission;
}

/// Admits operational transactions from those for whom weight is reserved only.
///
/// # Transaction validity
///
/// A delivery, a proof or a refusal to work provides a tag of its step and workload, and has a priority from [`AHEAD`] on.
/// What is admitted one at a time provides a tag of its signer, and has the greatest priority, so that none replaces
/// another: the second is refused until the first is in a block. Nothing else is changed.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckStep<T: Config + Send + Sync>(PhantomData<T>);

impl<T: Config + Send + Sync> CheckStep<T> {
	/// The extension; it has no data.
	pub fn new() -> Self {
		Self(PhantomData)
	}
}

impl<T: Config + Send + Sync> Default for CheckStep<T> {
	fn default() -> Self {
		Self::new()
	}
}

impl<T: Config + Send + Sync> fmt::Debug for CheckStep<T> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("CheckStep")
	}
}

/// The step that a call does, and of which workload.
fn step_of<T: Config>(call: &Call<T>) -> Option<(WorkloadId, WorkStep)> {
	match call {
		Call::deliver { workload, .. } => Some((*workload, WorkStep::Deliver)),
		Call::prove {
			workload,
			output,
			verify_limit,
			..
		} => Some((
			*workload,
			WorkStep::Prove {
				with_output: output.is_some(),
				verify_limit: *verify_limit,
			},
		)),
		Call::relay_proof { workload, .. } => Some((*workload, WorkStep::Relay)),
		Call::decline { workload } => Some((*workload, WorkStep::Decline)),
		_ => None,
	}
}

/// What a transaction of the assigned worker provides to the pool, so that it keeps one only.
fn tag(id: WorkloadId, step: WorkStep) -> Option<alloc::vec::Vec<u8>> {
	let kind: u8 = match step {
		WorkStep::Deliver => 0,
		WorkStep::Prove { .. } => 1,
		WorkStep::Decline => 2,
		// Anyone may relay, so nobody may keep others from it.
		WorkStep::Relay => return None,
	};
	Some((b"inference/step", kind, id).encode())
}

/// What a step's transaction provides, if it may be in a pool or a block.
pub(crate) fn check<T: Config>(
	who: &T::AccountId,
	id: WorkloadId,
	step: WorkStep,
	bytes: usize,
	source: TransactionSource,
) -> Result<ValidTransaction, TransactionValidityError> {
	let workload = Workloads::<T>::get(id).ok_or(NotAdmitted::UnknownWorkload)?;
	let refused = Pallet::<T>::check_step(who, &workload, step).err();
	let overtaken =
		source == TransactionSource::InBlock && Pallet::<T>::is_overtaken(who, &workload, step);
	match refused {
		Some(Error::<T>::VerifyLimitTooLow) => {
			return Err(NotAdmitted::VerifyLimitTooLow.into());
		},
		Some(_) if !overtaken => return Err(NotAdmitted::NotDue.into()),
		_ => {},
	}
	let only = tag(id, step).map(|tag| one_of(tag, of_step(bytes)));
	Ok(only.unwrap_or_default())
}

/// A transaction of which a pool keeps one with this tag.
fn one_of(tag: alloc::vec::Vec<u8>, priority: TransactionPriority) -> ValidTransaction {
	ValidTransaction {
		priority,
		provides: alloc::vec![tag],
		..Default::default()
	}
}

impl<T: Config + Send + Sync> TransactionExtension<T::RuntimeCall> for CheckStep<T>
where
	T::RuntimeCall:
		Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo> + IsSubType<Call<T>>,
	DispatchOriginOf<T::RuntimeCall>: AsSystemOriginSigner<T::AccountId>,
{
	const IDENTIFIER: &'static str = "CheckStep";
	type Implicit = ();
	type Val = ();
	type Pre = ();

	fn weight(&self, call: &T::RuntimeCall) -> Weight {
		match call.is_sub_type().and_then(step_of) {
			Some(_) => T::WeightInfo::check_step(),
			None => Weight::zero(),
		}
	}

	fn validate(
		&self,
		origin: DispatchOriginOf<T::RuntimeCall>,
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
		_self_implicit: Self::Implicit,
		_inherited_implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, T::RuntimeCall> {
		let step = call.is_sub_type().and_then(step_of);
		let validity = match (origin.as_system_origin_signer(), step) {
			(Some(who), Some((id, step))) => check::<T>(who, id, step, len, source)?,
			(None, Some(_)) => return Err(InvalidTransaction::BadSigner.into()),
			(Some(who), None) if info.class == DispatchClass::Operational => {
				match T::OperationalCalls::admission(who, call) {
					Admission::No => return Err(NotAdmitted::NotOperational.into()),
					Admission::OneAtATime => {
						let tag = (b"inference/operational", who).encode();
						one_of(tag, TransactionPriority::MAX)
					},
					Admission::Any => ValidTransaction::default(),
				}
			},
			// A signed call can carry one of that class, which a block admits however full it is.
			(Some(_), None) if info.class == DispatchClass::Mandatory => {
				return Err(InvalidTransaction::BadMandatory.into());
			},
			// Without a signer, a call is authorised by its own pallet or by nobody.
			_ => ValidTransaction::default(),
		};
		Ok((validity, (), origin))
	}

	impl_tx_ext_default!(T::RuntimeCall; prepare);
}
