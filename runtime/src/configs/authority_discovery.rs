//! `pallet-authority-discovery`: validators find each other's addresses by keys of their session.

use super::babe::MaxAuthorities;
use crate::Runtime;

impl pallet_authority_discovery::Config for Runtime {
	type MaxAuthorities = MaxAuthorities;
}
