-- Who gives accounts gives those of staff; those of operators, of who gives accounts and of auditors are given and given back on the machine alone, and elsewhere disabled at most: also as the database sees it.

-- +goose Up
DROP POLICY account_security ON account;
CREATE POLICY account_security_reads ON account FOR SELECT USING (current_setting('wangge.role', true) = 'security');
CREATE POLICY account_security_gives ON account FOR INSERT
    WITH CHECK (current_setting('wangge.role', true) = 'security' AND (role = 'staff' OR current_setting('wangge.actor', true) ~ '^machine(-|$)'));
CREATE POLICY account_security_disables ON account FOR UPDATE
    USING (current_setting('wangge.role', true) = 'security' AND (role = 'staff' OR disabled_at IS NULL OR current_setting('wangge.actor', true) ~ '^machine(-|$)'))
    WITH CHECK (current_setting('wangge.role', true) = 'security' AND (role = 'staff' OR disabled_at IS NOT NULL OR current_setting('wangge.actor', true) ~ '^machine(-|$)'));

-- +goose Down
DROP POLICY account_security_reads ON account;
DROP POLICY account_security_gives ON account;
DROP POLICY account_security_disables ON account;
CREATE POLICY account_security ON account USING (current_setting('wangge.role', true) = 'security');
