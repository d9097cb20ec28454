//! Signed transactions: made, and read.

use crate::{
	convert::{skip, Mismatch, Reason},
	Error, Metadata,
};
use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;
use sp_core::{crypto::AccountId32, H256};
use sp_crypto_hashing::blake2_256;
use sp_runtime::{generic::Era, MultiAddress, MultiSignature};

/// The format of signed transactions that is made here.
const FORMAT: u8 = 4;
/// Marks a signed transaction, beside its format.
const SIGNED: u8 = 0b1000_0000;
/// The mark's bits.
const KIND: u8 = 0b1100_0000;
/// Payloads that are longer are hashed before they are signed.
const LONGEST_PAYLOAD: usize = 256;

/// What a signature covers besides the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
	/// Nonce of the account.
	pub nonce: u32,
	/// For which blocks the transaction is valid.
	pub era: Era,
	/// The block at which the era begins; of an immortal one the genesis block.
	pub era_start: H256,
	/// Hash of the genesis block.
	pub genesis: H256,
	/// The runtime's `spec_version`.
	pub spec_version: u32,
	/// The runtime's `transaction_version`.
	pub transaction_version: u32,
	/// Paid to the block's author, planck.
	pub tip: u128,
}

/// A transaction without its signature.
#[derive(Debug)]
pub struct Unsigned<'a> {
	metadata: &'a Metadata,
	call: Vec<u8>,
	extra: Vec<u8>,
	implicit: Vec<u8>,
}

/// The mode of the extension that can bind a transaction to the metadata's hash.
#[derive(Encode, TypeInfo)]
enum MetadataHash {
	/// It does not.
	#[codec(index = 0)]
	Disabled,
}

impl Metadata {
	/// The transaction of `call`, in the chain's encoding ([`Self::call`]), on these terms.
	///
	/// Errors: [`Error::UnknownExtension`], [`Error::Format`], [`Error::Encode`].
	pub fn transaction(&self, call: Vec<u8>, terms: &Terms) -> Result<Unsigned<'_>, Error> {
		if !self.extrinsic.formats.contains(&FORMAT) {
			let newest = self.extrinsic.formats.iter().max().copied();
			return Err(Error::Format(newest.unwrap_or_default()));
		}
		let (mut extra, mut implicit) = (Vec::new(), Vec::new());
		for extension in &self.extrinsic.extensions {
			let failed = |mismatch| Error::Encode {
				what: "the extension",
				name: extension.name.clone(),
				mismatch: Box::new(mismatch),
			};
			// What we put into the transaction, and what we only sign.
			let (put, sign) = match &extension.name[..] {
				"CheckSpecVersion" => (
					None,
					Some(self.encode_as(&terms.spec_version, extension.implicit)),
				),
				"CheckTxVersion" => (
					None,
					Some(self.encode_as(&terms.transaction_version, extension.implicit)),
				),
				"CheckGenesis" => (
					None,
					Some(self.encode_as(&terms.genesis, extension.implicit)),
				),
				"CheckMortality" => (
					Some(self.encode_as(&terms.era, extension.extra)),
					Some(self.encode_as(&terms.era_start, extension.implicit)),
				),
				"CheckNonce" => (Some(self.encode_as(&terms.nonce, extension.extra)), None),
				"ChargeTransactionPayment" => {
					(Some(self.encode_as(&terms.tip, extension.extra)), None)
				},
				"CheckMetadataHash" => (
					Some(self.encode_as(&MetadataHash::Disabled, extension.extra)),
					Some(self.encode_as(&None::<[u8; 32]>, extension.implicit)),
				),
				_ => (None, None),
			};
			for (bytes, ty, out) in [
				(put, extension.extra, &mut extra),
				(sign, extension.implicit, &mut implicit),
			] {
				match bytes {
					Some(bytes) => out.extend(bytes.map_err(failed)?),
					None if self.ty(ty).is_empty() => {},
					None => {
						return Err(Error::UnknownExtension {
							name: extension.name.clone(),
						})
					},
				}
			}
		}
		Ok(Unsigned {
			metadata: self,
			call,
			extra,
			implicit,
		})
	}

	/// Who signed a transaction, encoded with its length, and its call as ours. `None` if nobody did
	/// or the signer is no plain account. `C` is the linked runtime's enumeration of all calls.
	///
	/// Errors: [`Error::Decode`], also where the call is none that we have.
	pub fn decode_transaction<C: Decode + TypeInfo + 'static>(
		&self,
		bytes: &[u8],
	) -> Result<Option<(AccountId32, C)>, Error> {
		self.read_transaction(bytes)
			.map_err(|mismatch| Error::Decode {
				what: "a",
				name: "transaction".to_owned(),
				mismatch: Box::new(mismatch),
			})
	}

	fn read_transaction<C: Decode + TypeInfo + 'static>(
		&self,
		bytes: &[u8],
	) -> Result<Option<(AccountId32, C)>, Mismatch> {
		let mut rest = bytes;
		let Compact(len) = Compact::<u32>::decode(&mut rest).map_err(|_| Reason::Malformed)?;
		if usize::try_from(len) != Ok(rest.len()) {
			return Err(Reason::Malformed.into());
		}
		let (first, mut rest) = rest.split_first().ok_or(Reason::Malformed)?;
		if first & KIND != SIGNED || first & !KIND != FORMAT {
			return Ok(None);
		}
		let mut next = |ty: u32| {
			let start = rest;
			skip(self.ty(ty), &mut rest)?;
			let taken = start.get(..start.len().saturating_sub(rest.len()));
			Ok::<_, Mismatch>(taken.unwrap_or_default())
		};
		let address = next(self.extrinsic.address)?;
		next(self.extrinsic.signature)?;
		for extension in &self.extrinsic.extensions {
			next(extension.extra)?;
		}
		let MultiAddress::Id(signer) =
			self.decode_as::<MultiAddress<AccountId32, ()>>(self.extrinsic.address, address)?
		else {
			return Ok(None);
		};
		let call = self.decode_as(self.call, rest)?;
		Ok(Some((signer, call)))
	}
}

impl Unsigned<'_> {
	/// What is to be signed.
	pub fn payload(&self) -> Vec<u8> {
		let payload = [&self.call[..], &self.extra, &self.implicit].concat();
		if payload.len() > LONGEST_PAYLOAD {
			blake2_256(&payload).to_vec()
		} else {
			payload
		}
	}

	/// The transaction as nodes take it, with its length before it.
	///
	/// Errors: [`Error::Encode`] where the chain takes no such address or signature.
	pub fn signed(self, signer: AccountId32, signature: MultiSignature) -> Result<Vec<u8>, Error> {
		let failed = |name: &'static str| {
			move |mismatch| Error::Encode {
				what: "the",
				name: name.to_owned(),
				mismatch: Box::new(mismatch),
			}
		};
		let extrinsic = &self.metadata.extrinsic;
		let address = MultiAddress::<AccountId32, ()>::Id(signer);
		let mut body = vec![FORMAT | SIGNED];
		body.extend(
			self.metadata
				.encode_as(&address, extrinsic.address)
				.map_err(failed("signer"))?,
		);
		body.extend(
			self.metadata
				.encode_as(&signature, extrinsic.signature)
				.map_err(failed("signature"))?,
		);
		body.extend(self.extra);
		body.extend(self.call);
		// As a vector of bytes is encoded.
		Ok(body.encode())
	}
}
