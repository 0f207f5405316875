//! The operators' interface: one closed list of commands, carried out here whether they come over the administration
//! socket or from a command line that opened the store itself. It never proves a second step; who may reach a
//! socket is decided by its file mode, and what they may do by the user the kernel reports.

mod command;
mod delivery;
mod execute;
mod import;
mod reply;
mod socket;
mod tokens;

pub use command::{Command, EditUser, ImportUser, InviteUser, NewToken, NewUser};
pub use delivery::{
    BudgetView, CountView, CountryView, DeliveryView, MessagesView, PauseView, ProviderView, RefusedView, TestedView,
};
pub use execute::{Failure, USERS_A_REPLY, execute};
pub use reply::{
    ApprovalView, CheckView, CreatedTokenView, DeviceView, ImportView, InvitedView, LineView, MethodView, PairView,
    RecoveryView, Reply, ResetView, SessionView, SharedView, TokenView, UserView,
};
pub use socket::{
    COMMAND_PATH, Service, bind, bind_for_operators, myself, operators_socket_path, service, socket_path,
};
