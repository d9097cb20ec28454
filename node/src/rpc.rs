//! The node's JSON-RPC, on top of what the SDK serves on every node.

use inference_runtime::{opaque::Block, AccountId, Balance, BlockNumber, Hash, Nonce};
use jsonrpsee::{types::ErrorObjectOwned, RpcModule};
use sc_client_api::AuxStore;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_rpc::{DenyUnsafe, SubscriptionTaskExecutor};
use sc_service::ChainSpec;
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_block_builder::BlockBuilder;
use sp_blockchain::{Error as BlockChainError, HeaderBackend, HeaderMetadata};
use sp_consensus::SelectChain;
use sp_consensus_babe::BabeApi;
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// What the methods about BABE need.
pub struct BabeDeps {
	/// Answers questions about epochs.
	pub handle: BabeWorkerHandle<Block>,
	/// The node's keys.
	pub keystore: KeystorePtr,
}

/// What the methods about GRANDPA need.
pub struct GrandpaDeps<B> {
	/// State of the voter.
	pub voter_state: SharedVoterState,
	/// The authorities.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// New justifications.
	pub justifications: GrandpaJustificationStream<Block>,
	/// Runs subscriptions.
	pub executor: SubscriptionTaskExecutor,
	/// Proofs of finality.
	pub proofs: Arc<FinalityProofProvider<B, Block>>,
}

/// What all methods need.
pub struct FullDeps<C, P, SC, B> {
	/// The client.
	pub client: Arc<C>,
	/// The transaction pool.
	pub pool: Arc<P>,
	/// The rule by which the best chain is chosen.
	pub select_chain: SC,
	/// The chain's specification, with the extension for light clients.
	pub chain_spec: Box<dyn ChainSpec>,
	/// For BABE.
	pub babe: BabeDeps,
	/// For GRANDPA.
	pub grandpa: GrandpaDeps<B>,
}

/// All methods.
pub fn create_full<C, P, SC, B>(
	deps: FullDeps<C, P, SC, B>,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>>
where
	C: ProvideRuntimeApi<Block>
		+ HeaderBackend<Block>
		+ HeaderMetadata<Block, Error = BlockChainError>
		+ AuxStore
		+ Send
		+ Sync
		+ 'static,
	C::Api: substrate_frame_rpc_system::AccountNonceApi<Block, AccountId, Nonce>
		+ pallet_transaction_payment_rpc::TransactionPaymentRuntimeApi<Block, Balance>
		+ BabeApi<Block>
		+ BlockBuilder<Block>,
	P: TransactionPool + 'static,
	SC: SelectChain<Block> + 'static,
	B: sc_client_api::Backend<Block> + Send + Sync + 'static,
{
	use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
	use sc_consensus_babe_rpc::{Babe, BabeApiServer};
	use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
	use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
	use substrate_frame_rpc_system::{System, SystemApiServer};

	let FullDeps {
		client,
		pool,
		select_chain,
		chain_spec,
		babe,
		grandpa,
	} = deps;
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	let sync_state = SyncState::new(
		chain_spec,
		client.clone(),
		grandpa.authority_set.clone(),
		babe.handle.clone(),
	)?;
	// Each call prints and reads the whole specification, so that it is for the node's operator only, unlike the SDK's.
	let mut sync_state = RpcModule::new(sync_state);
	sync_state.register_async_method(
		"sync_state_genSyncSpec",
		|parameters, sync_state, extensions| async move {
			let policy = extensions.get().copied().unwrap_or(DenyUnsafe::Yes);
			policy.check_if_safe()?;
			let spec = sync_state.system_gen_sync_spec(parameters.one()?).await?;
			Ok::<_, ErrorObjectOwned>(spec)
		},
	)?;
	module.merge(sync_state)?;
	module.merge(Babe::new(client, babe.handle, babe.keystore, select_chain).into_rpc())?;
	module.merge(
		Grandpa::new(
			grandpa.executor,
			grandpa.authority_set,
			grandpa.voter_state,
			grandpa.justifications,
			grandpa.proofs,
		)
		.into_rpc(),
	)?;
	Ok(module)
}
