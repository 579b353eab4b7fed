\set buyer random(:first_buyer, :last_buyer)
\startpipeline
BEGIN;
INSERT INTO orders_order (number, buyer_id, currency, goods_minor, discount_minor, shipping_minor, total_minor, ship_to, source, placed_at) VALUES (substr(upper(md5(random()::text)), 1, 12), :buyer, 'CNY', 7000, 0, 0, 7000, '{"recipient": "Li Lei", "phone": "13800000000", "country": "CN", "region": "Zhejiang", "city": "Hangzhou", "street": "1 Lake Road", "postal_code": ""}', 'room', now());
INSERT INTO orders_orderline (order_id, discount_minor, listing_variant_id, offer_id, supplier_id, placement_id, anchor_id, title, option_label, picture_key, quantity, unit_price_minor, flash_id, supply_price_minor, commission_plan_id, commission_bps, platform_fee_bps, remorse_minutes, state, on_air_at) VALUES (currval('orders_order_id_seq'), 0, :variant, :offer, :supplier, :placement, :anchor, 'Silk scarf 1', '', '', 1, 7000, :flash, 5000, :plan, 2000, 500, 60, 'PENDING_PAYMENT', now());
INSERT INTO orders_reservation (line_id, offer_id, quantity, state, expires_at) VALUES (currval('orders_orderline_id_seq'), :offer, 1, 'held', now() + interval '15 minutes');
INSERT INTO orders_paymentintent (order_id, key, provider, provider_ref, amount_minor, currency, state, failure, next_action, options, created_at) VALUES (currval('orders_order_id_seq'), gen_random_uuid(), 'peer', 'peer', 7000, 'CNY', 'STARTED', '', '{}', '{}', now());
INSERT INTO core_statechange (machine, object_id, from_state, to_state, actor_role, actor_user_id, actor_label, why, evidence) VALUES ('order line', currval('orders_orderline_id_seq'), '', 'PENDING_PAYMENT', 'buyer', :buyer, 'shopper', '', '{}');
INSERT INTO core_statechange (machine, object_id, from_state, to_state, actor_role, actor_user_id, actor_label, why, evidence) VALUES ('payment', currval('orders_paymentintent_id_seq'), '', 'STARTED', 'buyer', :buyer, 'shopper', '', '{}');
INSERT INTO core_idempotencyrecord (actor, key, fingerprint, answer) VALUES ('user:' || :buyer, gen_random_uuid()::text, md5(random()::text) || md5(random()::text), '{"number": "0123456789AB", "currency": "CNY", "order_id": 1, "intent_id": 1, "total_minor": 7000, "discount_minor": 0}');
INSERT INTO core_outboxevent (topic, payload, attempts, last_error) VALUES ('orders.order_placed', '{"lines": [{"line": 1, "title": "Silk scarf 1", "flash_id": 1, "offer_id": 1, "quantity": 1, "amount_minor": 7000, "placement_id": 1, "listing_variant_id": 1}], "order": "0123456789AB", "buyer_id": 1}', 0, '');
INSERT INTO promotion_flashbuyer AS mine (sale_id, buyer_id, quantity) VALUES (:flash, :buyer, 1) ON CONFLICT (sale_id, buyer_id) DO UPDATE SET quantity = mine.quantity + 1 WHERE mine.quantity + 1 <= 10000000;
UPDATE promotion_flashsale SET sold = sold + 1 WHERE id = :flash AND sold + 1 <= quantity AND starts_at <= now() AND now() < ends_at;
INSERT INTO core_outboxevent (topic, payload, attempts, last_error) SELECT 'supply.stock_changed', jsonb_build_object('offer_id', :offer::bigint, 'available', 1), 0, '';
UPDATE supply_stock SET reserved = reserved + 1 WHERE offer_id = :offer AND on_hand - reserved >= 1;
COMMIT;
\endpipeline
