package dev.userservice.access;

import java.util.Set;

/**
 * The authenticated caller of an RPC.
 *
 * @param name the subject of the token, or the name in the certificate
 * @param roles the roles that {@link Rights} checks
 * @param userId the user that it chats as; 0 for none
 * @param untilMillis the expiry of its credentials, in milliseconds since 1970; {@link
 *     Long#MAX_VALUE} for never
 */
public record Caller(String name, Set<String> roles, int userId, long untilMillis) {}
