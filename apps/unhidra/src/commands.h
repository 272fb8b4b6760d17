#pragma once
// What the words of the command line do. Each returns the exit code; an Error is printed by main.

#include "options.h"

namespace unhidra::server {

Result<int> serve(const SourceOptions& sources, const ServeOptions& options);
Result<int> config_check(const SourceOptions& sources);
Result<int> config_print(const SourceOptions& sources, bool show_secrets);

// Admin commands work on the database itself, whether or not a server is running on it. A running
// server notices revocations and new keys within a second.
Result<int> admin_create_organization(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_create_user(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_reset_password(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_list_devices(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_revoke_device(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_list_sessions(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_revoke_session(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_list_keys(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_rotate_keys(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_list_authorities(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_rotate_authority(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_retire_authority(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_verify_audit(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_list_policies(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_check_policy(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_show_policy(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_add_policy(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_activate_policy(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_roll_back_policy(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_dry_run_policy(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_show_policy_shadow(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_start_policy_shadow(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_end_policy_shadow(const SourceOptions& sources, const AdminOptions& options);
Result<int> admin_show_messages(const SourceOptions& sources, const AdminOptions& options);

}  // namespace unhidra::server
