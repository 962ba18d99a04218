package dev.userservice.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TimestampProto;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A service with each kind of method, field and comment. */
class ServiceListTest {

  /**
   * The output of the compiler for a {@code .proto}; the paths of comments are in field numbers.
   */
  private static final String FILE =
      """
      name: "shop.proto" package: "shop" syntax: "proto3"
      dependency: "google/protobuf/timestamp.proto"
      message_type {
        name: "Order"
        field { name: "id" number: 1 type: TYPE_FIXED64 label: LABEL_OPTIONAL }
        field { name: "note" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL
                proto3_optional: true oneof_index: 1 }
        field { name: "tags" number: 3 type: TYPE_BYTES label: LABEL_REPEATED }
        field { name: "card" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 }
        field { name: "gift" number: 5 type: TYPE_MESSAGE label: LABEL_OPTIONAL oneof_index: 0
                type_name: ".shop.Order" }
        field { name: "state" number: 6 type: TYPE_ENUM label: LABEL_OPTIONAL
                type_name: ".shop.Order.State" }
        field { name: "states" number: 7 type: TYPE_MESSAGE label: LABEL_REPEATED
                type_name: ".shop.Order.StatesEntry" }
        field { name: "lines" number: 8 type: TYPE_MESSAGE label: LABEL_REPEATED
                type_name: ".shop.Order.LinesEntry" }
        field { name: "at" number: 9 type: TYPE_MESSAGE label: LABEL_OPTIONAL
                type_name: ".google.protobuf.Timestamp" }
        oneof_decl { name: "payment" }
        oneof_decl { name: "_note" }
        nested_type {
          name: "Line"
          field { name: "amount" number: 1 type: TYPE_SINT32 label: LABEL_OPTIONAL }
        }
        nested_type {
          name: "StatesEntry"
          field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
          field { name: "value" number: 2 type: TYPE_ENUM label: LABEL_OPTIONAL
                  type_name: ".shop.Order.State" }
          options { map_entry: true }
        }
        nested_type {
          name: "LinesEntry"
          field { name: "key" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
          field { name: "value" number: 2 type: TYPE_MESSAGE label: LABEL_OPTIONAL
                  type_name: ".shop.Order.Line" }
          options { map_entry: true }
        }
        enum_type {
          name: "State"
          value { name: "OPEN" number: 0 }
          value { name: "PAID" number: 7 }
        }
      }
      message_type { name: "Unused" }
      enum_type { name: "Unreached" value { name: "NONE" number: 0 } }
      service {
        name: "Shop"
        method { name: "Buy" input_type: ".shop.Order" output_type: ".shop.Order" }
        method { name: "Watch" input_type: ".shop.Order" output_type: ".shop.Order"
                 server_streaming: true }
        method { name: "Load" input_type: ".shop.Order" output_type: ".shop.Order"
                 client_streaming: true }
        method { name: "Haggle" input_type: ".shop.Order" output_type: ".shop.Order"
                 client_streaming: true server_streaming: true }
      }
      source_code_info {
        location { path: [4, 0] leading_comments: " an order\\n" }
        location { path: [4, 0, 2, 1] leading_comments: " a note\\n" }
        location { path: [4, 0, 2, 7] leading_comments: " the lines\\n" }
        location { path: [4, 0, 3, 0] leading_comments: " a line\\n" }
        location { path: [4, 0, 3, 0, 2, 0] leading_comments: " an amount\\n" }
        location { path: [4, 0, 4, 0] leading_comments: " a state\\n" }
        location { path: [4, 0, 4, 0, 2, 1] leading_comments: " paid\\n" }
        location { path: [5, 0, 2, 0] leading_comments: " none\\n" }
        location { path: [6, 0] leading_comments: " a shop\\n" }
        location { path: [6, 0, 2, 3] leading_comments: " a haggle\\n" }
      }
      """;

  private static JsonObject list;

  @BeforeAll
  static void describe() throws Exception {
    FileDescriptorProto file = TextFormat.parse(FILE, FileDescriptorProto.class);
    FileDescriptor descriptor =
        FileDescriptor.buildFrom(file, new FileDescriptor[] {TimestampProto.getDescriptor()});
    list =
        ServiceList.of(
            descriptor.getServices(),
            Comments.of(FileDescriptorSet.newBuilder().addFile(file).build()),
            method -> 100 + method.getIndex());
  }

  @Test
  void methods_haveTheirKinds() {
    JsonObject shop = list.getJsonArray("services").getJsonObject(0);

    assertThat(list.getJsonArray("services")).hasSize(1);
    assertThat(shop.getString("name")).isEqualTo("shop.Shop");
    assertThat(shop.getString("comment")).isEqualTo("a shop");
    assertThat(shop.getJsonArray("methods"))
        .isEqualTo(
            new JsonArray(
                List.of(
                    method("Buy", "unary", "", 100),
                    method("Watch", "server_stream", "", 101),
                    method("Load", "client_stream", "", 102),
                    method("Haggle", "bidirectional", "a haggle", 103))));
  }

  private static JsonObject method(String name, String kind, String comment, int bytes) {
    return new JsonObject()
        .put("name", name)
        .put("path", "/shop.Shop/" + name)
        .put("kind", kind)
        .put("comment", comment)
        .put("input", "shop.Order")
        .put("output", "shop.Order")
        .put("max_message_bytes", bytes);
  }

  @Test
  void fields_haveTheirTypes() {
    JsonObject order = list.getJsonObject("messages").getJsonObject("shop.Order");

    assertThat(order.getString("comment")).isEqualTo("an order");
    assertThat(order.getJsonArray("fields"))
        .isEqualTo(
            new JsonArray(
                """
                [{"name": "id", "type": "fixed64", "comment": ""},
                 {"name": "note", "type": "string", "optional": true, "comment": "a note"},
                 {"name": "tags", "type": "bytes", "repeated": true, "comment": ""},
                 {"name": "card", "type": "string", "oneof": "payment", "comment": ""},
                 {"name": "gift", "type": "message", "type_name": "shop.Order",
                  "oneof": "payment", "comment": ""},
                 {"name": "state", "type": "enum", "type_name": "shop.Order.State", "comment": ""},
                 {"name": "states", "type": "enum", "type_name": "shop.Order.State",
                  "map": true, "key": "string", "comment": ""},
                 {"name": "lines", "type": "message", "type_name": "shop.Order.Line",
                  "map": true, "key": "int32", "comment": "the lines"},
                 {"name": "at", "type": "message", "type_name": "google.protobuf.Timestamp",
                  "comment": ""}]
                """));
  }

  @Test
  void types_areThoseThatMethodsReach() {
    JsonObject messages = list.getJsonObject("messages");

    assertThat(messages.fieldNames())
        .containsExactlyInAnyOrder("shop.Order", "shop.Order.Line", "google.protobuf.Timestamp");
    assertThat(messages.getJsonObject("shop.Order.Line"))
        .isEqualTo(
            new JsonObject(
                """
                {"comment": "a line",
                 "fields": [{"name": "amount", "type": "sint32", "comment": "an amount"}]}
                """));
    assertThat(list.getJsonObject("enums"))
        .isEqualTo(
            new JsonObject(
                """
                {"shop.Order.State": {"comment": "a state",
                  "values": [{"name": "OPEN", "number": 0, "comment": ""},
                             {"name": "PAID", "number": 7, "comment": "paid"}]}}
                """));
  }
}
