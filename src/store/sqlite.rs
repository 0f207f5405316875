//! The SQLite engine.
use super::*;

#[derive(Clone, Debug)]
pub struct SqliteStore;
fn not_yet() -> StoreError {
    StoreError::Schema("not yet".to_owned())
}
impl SqliteStore {
    pub(super) async fn forgive(&self, _keys: &[Digest]) -> Result<()> {
        Err(not_yet())
    }

    pub(super) async fn open(_path: &Path, _keyring: Arc<Keyring>, _entropy: SharedEntropy) -> Result<Self> {
        Err(not_yet())
    }
    pub(super) async fn create_account(&self, _new: &NewAccount) -> Result<std::result::Result<(), NewAccountError>> {
        Err(not_yet())
    }

    pub(super) async fn accounts(&self) -> Result<Vec<AccountSummary>> {
        Err(not_yet())
    }

    pub(super) async fn account(&self, _id: AccountId) -> Result<Option<AccountSummary>> {
        Err(not_yet())
    }

    pub(super) async fn account_by_login(&self, _name: &LoginName) -> Result<Option<AccountSummary>> {
        Err(not_yet())
    }

    pub(super) async fn set_disabled(
        &self,
        _id: AccountId,
        _disabled: bool,
        _now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        Err(not_yet())
    }

    pub(super) async fn set_password(
        &self,
        _id: AccountId,
        _hash: &PasswordHash,
        _notice: Option<OutboxItem>,
        _now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        Err(not_yet())
    }

    pub(super) async fn reset_methods(
        &self,
        _id: AccountId,
        _notice: Option<OutboxItem>,
        _now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        Err(not_yet())
    }

    pub(super) async fn enrol_directly(
        &self,
        _id: AccountId,
        _pair: Enrolment,
        _now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        Err(not_yet())
    }

    pub(super) async fn devices(&self, _account: AccountId, _now: Timestamp) -> Result<Vec<TrustedDevice>> {
        Err(not_yet())
    }

    pub(super) async fn revoke_device(&self, _id: DeviceId) -> Result<bool> {
        Err(not_yet())
    }

    pub(super) async fn revoke_devices(&self, _account: AccountId) -> Result<u32> {
        Err(not_yet())
    }

    pub(super) async fn sessions(
        &self,
        _account: Option<AccountId>,
        _lifetime: Lifetime,
        _now: Timestamp,
    ) -> Result<Vec<StoredSession>> {
        Err(not_yet())
    }

    pub(super) async fn end_session(&self, _id: SessionId) -> Result<Option<EndedSession>> {
        Err(not_yet())
    }

    pub(super) async fn end_sessions(&self, _account: AccountId) -> Result<Vec<EndedSession>> {
        Err(not_yet())
    }

    pub(super) async fn credentials(&self, _name: &LoginName) -> Result<Option<Credentials>> {
        Err(not_yet())
    }

    pub(super) async fn spend_password_attempt(&self, _key: Digest, _now: Timestamp) -> Result<PasswordSpend> {
        Err(not_yet())
    }

    pub(super) async fn spend_rate(&self, _limit: RateLimit, _now: Timestamp) -> Result<bool> {
        Err(not_yet())
    }

    pub(super) async fn refund_rate(&self, _key: Digest, _now: Timestamp) -> Result<()> {
        Err(not_yet())
    }

    pub(super) async fn begin_sign_in(
        &self,
        _begin: &BeginSignIn,
        _now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        Err(not_yet())
    }

    pub(super) async fn pending_sign_in(&self, _digest: &Digest, _now: Timestamp) -> Result<Option<PendingSignIn>> {
        Err(not_yet())
    }

    pub(super) async fn pending_sign_in_by_id(&self, _id: SignInId, _now: Timestamp) -> Result<Option<PendingSignIn>> {
        Err(not_yet())
    }

    pub(super) async fn save_sign_in(
        &self,
        _id: SignInId,
        _version: i64,
        _sign_in: &SignIn,
        _message: Option<&OutboxOrder>,
        _now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        Err(not_yet())
    }

    pub(super) async fn abandon_sign_in(&self, _digest: &Digest) -> Result<()> {
        Err(not_yet())
    }

    pub(super) async fn spend_code_attempt(&self, _method: MethodId, _now: Timestamp) -> Result<CodeSpend> {
        Err(not_yet())
    }

    pub(super) async fn spend_enrolment_attempt(&self, _id: SignInId) -> Result<Option<(Attempt, u32)>> {
        Err(not_yet())
    }

    pub(super) async fn present_device(&self, _present: &PresentDevice) -> Result<PresentedDevice> {
        Err(not_yet())
    }

    pub(super) async fn complete_sign_in(
        &self,
        _complete: &CompleteSignIn,
    ) -> Result<std::result::Result<Completed, Stale>> {
        Err(not_yet())
    }

    pub(super) async fn session(&self, _digest: &Digest) -> Result<Option<StoredSession>> {
        Err(not_yet())
    }

    pub(super) async fn touch_session(&self, _id: SessionId, _at: Timestamp) -> Result<Option<Timestamp>> {
        Err(not_yet())
    }

    pub(super) async fn end_session_by_digest(&self, _digest: &Digest) -> Result<Option<EndedSession>> {
        Err(not_yet())
    }

    pub(super) async fn enqueue(&self, _item: &OutboxItem) -> Result<()> {
        Err(not_yet())
    }

    pub(super) async fn claim_messages(&self, _limit: u32, _now: Timestamp) -> Result<Vec<OutboxItem>> {
        Err(not_yet())
    }

    pub(super) async fn finish_message(&self, _id: OutboxId, _outcome: OutboxOutcome, _now: Timestamp) -> Result<()> {
        Err(not_yet())
    }

    pub(super) async fn next_message_signal(&self) {
        std::future::pending().await
    }

    pub(super) async fn purge(&self, _lifetime: Lifetime, _now: Timestamp) -> Result<u64> {
        Err(not_yet())
    }

    pub(super) async fn ping(&self) -> Result<()> {
        Err(not_yet())
    }
}
