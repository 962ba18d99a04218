package dev.userservice.access;

import java.util.Set;

/**
 * Who makes a call.
 *
 * @param name the subject of the token, or the name in the certificate
 * @param roles what it may do
 * @param userId the user that it speaks as in the chat; 0 when it is none
 * @param untilMillis when it is not known any more, as {@link System#currentTimeMillis} counts;
 *     {@link Long#MAX_VALUE} for never
 */
public record Caller(String name, Set<String> roles, int userId, long untilMillis) {}
