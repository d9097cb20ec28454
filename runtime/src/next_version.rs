//! What differs in the runtime that `scripts/test-upgrade` upgrades a chain to: with the feature
//! `next-version`, which no other build has.

use crate::RuntimeCall;
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::pallet_prelude::Weight;
use scale_info::TypeInfo;
use sp_runtime::{impl_tx_ext_default, traits::TransactionExtension};

/// An extension that programs of the version before do not know. It has no data.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Marker;

impl TransactionExtension<RuntimeCall> for Marker {
	const IDENTIFIER: &'static str = "Marker";
	type Implicit = ();
	type Val = ();
	type Pre = ();

	fn weight(&self, _: &RuntimeCall) -> Weight {
		Weight::zero()
	}

	impl_tx_ext_default!(RuntimeCall; validate prepare);
}
